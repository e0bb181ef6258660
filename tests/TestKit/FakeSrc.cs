using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Talreg.TestKit;

/// <summary>
/// A session recording client on a real socket. It writes its own SIP, shares no code with the product, and does what
/// its caller says, right or wrong.
/// </summary>
public sealed class FakeSrc : IDisposable
{
    private readonly Socket _socket;
    private readonly bool _isTcp;
    private readonly SslStream? _tls;
    private string _received = "";

    private FakeSrc(Socket socket, bool isTcp, SslStream? tls) => (_socket, _isTcp, _tls) = (socket, isTcp, tls);

    /// <summary>The server's certificate, over TLS.</summary>
    public X509Certificate? ServerCertificate => _tls?.RemoteCertificate;

    /// <summary>The version of TLS agreed; none in clear.</summary>
    public SslProtocols TlsVersion => _tls?.SslProtocol ?? SslProtocols.None;

    private string TransportName => _tls is not null ? "TLS" : _isTcp ? "TCP" : "UDP";

    /// <summary>The Call-ID of the session.</summary>
    public string CallId { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>The client's tag.</summary>
    public string FromTag { get; init; } = Guid.NewGuid().ToString("N")[..8];

    /// <summary>The server's tag; take it from the first answer.</summary>
    public string? ToTag { get; set; }

    /// <summary>The address it sends from.</summary>
    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Opens a client towards a server; under TLS when it is told how.</summary>
    public static async Task<FakeSrc> ConnectAsync(
        IPEndPoint server, bool tcp, CancellationToken cancellationToken, FakeSrcTls? tls = null)
    {
        var socket = new Socket(
            server.AddressFamily,
            tcp ? SocketType.Stream : SocketType.Dgram,
            tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken);
        return new FakeSrc(
            socket, tcp, tls is null ? null : await tls.SecureAsync(new NetworkStream(socket), cancellationToken));
    }

    /// <summary>A metadata document of two participants on labels 1 and 2.</summary>
    public static string Metadata(string session = "c1") => $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <recording xmlns="urn:ietf:params:xml:ns:recording:1"><datamode>complete</datamode>
        <session session_id="{session}"><sipSessionID>ab30317f;remote=47755a</sipSessionID></session>
        <participant participant_id="p1"><nameID aor="sip:bob@biloxi.com"><name>Bob</name></nameID></participant>
        <participant participant_id="p2"><nameID aor="sip:alice@atlanta.com"/></participant>
        <stream stream_id="s1" session_id="{session}"><label>1</label></stream>
        <stream stream_id="s2" session_id="{session}"><label>2</label></stream>
        <participantstreamassoc participant_id="p1"><send>s1</send><recv>s2</recv></participantstreamassoc>
        <participantstreamassoc participant_id="p2"><send>s2</send><recv>s1</recv></participantstreamassoc>
        </recording>
        """;

    /// <summary>An offer of two audio streams, labels 1 and 2.</summary>
    public static string Sdp(string direction = "sendonly") => string.Join("\r\n",
        "v=0", "o=SRC 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
        "m=audio 12240 RTP/AVP 8 0", "a=label:1", "a=" + direction,
        "m=audio 22456 RTP/AVP 98", "a=rtpmap:98 G722/8000", "a=label:2", "a=" + direction, "");

    /// <summary>The body of a SIPREC INVITE and its Content-Type.</summary>
    public static (string ContentType, string Body) Recording(string sdp, string metadata) => (
        "multipart/mixed;boundary=foobar",
        $"--foobar\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--foobar\r\n"
        + "Content-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session\r\n\r\n"
        + $"{metadata}\r\n--foobar--\r\n");

    /// <summary>Writes a request of this session.</summary>
    public string Request(
        string method,
        int cseq,
        string headers = "",
        string? contentType = null,
        string body = "",
        string? branch = null)
    {
        branch ??= "z9hG4bK" + Guid.NewGuid().ToString("N");
        var via = $"Via: SIP/2.0/{TransportName} {Local};branch={branch};rport";
        var to = "To: <sip:srs@example.com>" + (ToTag is null ? "" : ";tag=" + ToTag);
        var type = contentType is null ? "" : $"Content-Type: {contentType}\r\n";
        var length = Encoding.UTF8.GetByteCount(body).ToString(CultureInfo.InvariantCulture);
        return $"{method} sip:srs@example.com SIP/2.0\r\n{via}\r\nFrom: <sip:src@example.com>;tag={FromTag}\r\n{to}\r\n"
            + $"Call-ID: {CallId}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n"
            + $"Contact: <sip:src@{Local}>;+sip.src\r\n{headers}{type}Content-Length: {length}\r\n\r\n{body}";
    }

    /// <summary>An INVITE with SDP and metadata.</summary>
    public string Invite(
        int cseq = 1, string? sdp = null, string? metadata = null, string headers = "Require: siprec\r\n")
    {
        var (type, body) = Recording(sdp ?? Sdp(), metadata ?? Metadata());
        return Request("INVITE", cseq, headers, type, body);
    }

    /// <summary>Sends text as it is.</summary>
    public Task SendAsync(string message, CancellationToken cancellationToken) =>
        SendBytesAsync(Encoding.UTF8.GetBytes(message), cancellationToken);

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendBytesAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        if (_tls is null)
        {
            await _socket.SendAsync(message, SocketFlags.None, cancellationToken);
        }
        else
        {
            await _tls.WriteAsync(message, cancellationToken);
        }
    }

    /// <summary>Waits for a message that begins so, throwing away all before it.</summary>
    public async Task<string> ReceiveAsync(string start, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(10));
        var buffer = new byte[65_536];
        while (true)
        {
            var at = _received.IndexOf(start, StringComparison.Ordinal);
            var end = at < 0 ? -1 : _received.IndexOf("\r\n\r\n", at, StringComparison.Ordinal);
            if (end >= 0)
            {
                var message = _received[at..];
                _received = _received[(end + 4)..];
                return message;
            }

            var count = _tls is null
                ? await _socket.ReceiveAsync(buffer, SocketFlags.None, timeout.Token)
                : await _tls.ReadAsync(buffer, timeout.Token);
            if (count == 0)
            {
                throw new IOException("closed while waiting for " + start);
            }

            _received += Encoding.UTF8.GetString(buffer, 0, count);
        }
    }

    /// <summary>The tag of To in a message.</summary>
    public static string TagOf(string message)
    {
        var to = message.Split("\r\n").First(line => line.StartsWith("To:", StringComparison.Ordinal));
        return to[(to.IndexOf(";tag=", StringComparison.Ordinal) + 5)..];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tls?.Dispose();
        _socket.Dispose();
    }
}
