using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Talreg.Silo.Demo;

/// <summary>Writes the requests of one recording session (RFC 3261 §8.1.1, RFC 7866 §6.1).</summary>
internal sealed class DemoDialog(DemoCallOptions options, IPEndPoint local)
{
    private readonly string _tag = Token();
    private readonly string _inviteBranch = Branch();
    private readonly string _byeBranch = Branch();
    private readonly string _recorder = $"sip:recorder@{options.Recorder}";
    private string _to = $"<sip:recorder@{options.Recorder}>";
    private string _target = $"sip:recorder@{options.Recorder}";
    private string[] _routes = [];

    public string CallId { get; } = $"{Token()}@{local.Address}";

    public string SessionId => _metadata.SessionId;

    private readonly DemoMetadata _metadata = new();

    private string Transport => options.Transport == DemoTransport.Tcp ? "TCP" : "UDP";

    private string ContactParameter => options.Transport == DemoTransport.Tcp ? ";transport=tcp" : "";

    /// <summary>The INVITE with its two parts: SDP and recording metadata.</summary>
    public byte[] Invite(IReadOnlyList<int> rtpPorts, DateTimeOffset now)
    {
        var boundary = "talreg-" + Token();
        using var body = new MemoryStream();
        body.Write(Encoding.UTF8.GetBytes(
            $"--{boundary}\r\nContent-Type: application/sdp\r\nContent-Disposition: "
                + "session;handling=required\r\n\r\n"));
        body.Write(Encoding.UTF8.GetBytes(Sdp(rtpPorts, now)));
        body.Write(Encoding.UTF8.GetBytes(
            $"\r\n--{boundary}\r\nContent-Type: application/rs-metadata+xml\r\n"
            + "Content-Disposition: recording-session\r\n\r\n"));
        body.Write(_metadata.Write(options, now));
        body.Write(Encoding.UTF8.GetBytes($"\r\n--{boundary}--\r\n"));
        var headers = new StringBuilder()
            .Append("Require: siprec\r\n")
            .Append(CultureInfo.InvariantCulture, $"Contact: <sip:demo@{local}{ContactParameter}>;+sip.src\r\n")
            .Append("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n")
            .Append("Accept: application/sdp, application/rs-metadata-request\r\n")
            .Append("User-Agent: Talreg demo\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed;boundary={boundary}\r\n");
        return Request("INVITE", _recorder, _inviteBranch, 1, headers.ToString(), body.ToArray());
    }

    /// <summary>Takes up the dialog of a 2xx: its To tag, Contact and route set (RFC 3261 §12.1.2).</summary>
    public void Establish(DemoSipMessage answer)
    {
        _to = answer["To"];
        _target = Uri(answer["Contact"]) ?? _target;
        _routes = [.. answer.Headers
            .Where(header => header.Name.Equals("Record-Route", StringComparison.OrdinalIgnoreCase))
            .Select(header => header.Value)
            .Reverse()];
    }

    /// <summary>The ACK of a 2xx: a request of its own, with a branch of its own (RFC 3261 §13.2.2.4).</summary>
    public byte[] Ack() => Request("ACK", _target, Branch(), 1, Routes(), []);

    /// <summary>The ACK of a refusal: it belongs to the INVITE's transaction (RFC 3261 §17.1.1.3).</summary>
    public byte[] AckRefusal(DemoSipMessage refusal)
    {
        _to = refusal["To"];
        return Request("ACK", _recorder, _inviteBranch, 1, "", []);
    }

    /// <summary>The CANCEL of an INVITE that got only a provisional response (RFC 3261 §9.1).</summary>
    public byte[] Cancel() => Request("CANCEL", _recorder, _inviteBranch, 1, "", []);

    /// <summary>The BYE; the same bytes each time, so that a retransmission is one.</summary>
    public byte[] Bye() => Request("BYE", _target, _byeBranch, 2, Routes(), []);

    /// <summary>Answers what the recorder asks within the dialog: nothing here can be changed by it.</summary>
    public static byte[] Respond(DemoSipMessage request, int status, string reason)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"SIP/2.0 {status} {reason}\r\n");
        foreach (var (name, value) in request.Headers)
        {
            if (name.ToUpperInvariant() is "VIA" or "FROM" or "TO" or "CALL-ID" or "CSEQ")
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            }
        }

        return Encoding.UTF8.GetBytes(text.Append("Content-Length: 0\r\n\r\n").ToString());
    }

    private static string Token() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    private static string Branch() => "z9hG4bK" + Token();

    private static string? Uri(string contact)
    {
        var open = contact.IndexOf('<', StringComparison.Ordinal);
        var close = contact.IndexOf('>', StringComparison.Ordinal);
        var uri = open >= 0 && close > open ? contact[(open + 1)..close] : contact.Split(';')[0].Trim();
        return uri.StartsWith("sip", StringComparison.OrdinalIgnoreCase) ? uri : null;
    }

    private string Routes() => string.Concat(_routes.Select(route => $"Route: {route}\r\n"));

    private byte[] Request(string method, string target, string branch, int sequence, string headers, byte[] body)
    {
        var to = method == "CANCEL" ? $"<{_recorder}>" : _to;
        var head = $"{method} {target} SIP/2.0\r\n"
            + $"Via: SIP/2.0/{Transport} {local};branch={branch};rport\r\n"
            + "Max-Forwards: 70\r\n"
            + $"From: <sip:demo@{local}>;tag={_tag}\r\n"
            + $"To: {to}\r\n"
            + $"Call-ID: {CallId}\r\n"
            + string.Create(CultureInfo.InvariantCulture, $"CSeq: {sequence} {method}\r\n")
            + headers
            + string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.UTF8.GetBytes(head), .. body];
    }

    private string Sdp(IReadOnlyList<int> rtpPorts, DateTimeOffset now)
    {
        var family = local.AddressFamily == AddressFamily.InterNetworkV6 ? "IP6" : "IP4";
        var version = now.ToUnixTimeSeconds();
        var sdp = new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"v=0\r\no=demo {version} {version} IN {family} {local.Address}\r\ns=-\r\n"
            + $"c=IN {family} {local.Address}\r\nt=0 0\r\n");
        for (var i = 0; i < rtpPorts.Count; i++)
        {
            sdp.Append(CultureInfo.InvariantCulture,
                $"m=audio {rtpPorts[i]} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n");
            sdp.Append(CultureInfo.InvariantCulture, $"a=label:{i + 1}\r\na=sendonly\r\n");
        }

        return sdp.ToString();
    }
}
