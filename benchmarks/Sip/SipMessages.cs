using System.Text;

namespace Talreg.Benchmarks.Sip;

/// <summary>The messages of a recording client.</summary>
internal static class SipMessages
{
    private const string Document = """
        <?xml version="1.0" encoding="UTF-8"?>
        <recording xmlns="urn:ietf:params:xml:ns:recording:1"><datamode>complete</datamode>
        <session session_id="c1"/>
        <participant participant_id="p1"><nameID aor="sip:bob@biloxi.com"><name>Bob</name></nameID></participant>
        <participant participant_id="p2"><nameID aor="sip:alice@atlanta.com"/></participant>
        <stream stream_id="s1" session_id="c1"><label>1</label></stream>
        <stream stream_id="s2" session_id="c1"><label>2</label></stream>
        <participantstreamassoc participant_id="p1"><send>s1</send><recv>s2</recv></participantstreamassoc>
        <participantstreamassoc participant_id="p2"><send>s2</send><recv>s1</recv></participantstreamassoc>
        </recording>
        """;

    private const string Description =
        "v=0\r\no=SRC 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        + "m=audio 12240 RTP/AVP 8 0\r\na=label:1\r\na=sendonly\r\n"
        + "m=audio 22456 RTP/AVP 8 0\r\na=label:2\r\na=sendonly\r\n";

    /// <summary>A recording INVITE of about that many bytes.</summary>
    public static string Invite(string id, string local, int padTo = 0)
    {
        var body = "--b\r\nContent-Type: application/sdp\r\n\r\n" + Description
            + "\r\n--b\r\nContent-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session\r\n\r\n"
            + Document.Replace("\"c1\"", $"\"{id}\"", StringComparison.Ordinal) + "\r\n--b--\r\n";
        var plain = Request("INVITE", id, 1, null, local, "", body);
        return plain.Length >= padTo
            ? plain
            : Request("INVITE", id, 1, null, local, $"X-Pad: {new string('x', padTo - plain.Length - 9)}\r\n", body);
    }

    public static string Ack(string id, string toTag, string local) => Request("ACK", id, 1, toTag, local, "", "");

    public static string Bye(string id, string toTag, string local) => Request("BYE", id, 2, toTag, local, "", "");

    private static string Request(
        string method, string id, int cseq, string? toTag, string local, string headers, string body)
    {
        var type = body.Length > 0 ? "Content-Type: multipart/mixed;boundary=b\r\nRequire: siprec\r\n" : "";
        return $"{method} sip:srs@example.com SIP/2.0\r\n"
            + $"Via: SIP/2.0/UDP {local};branch=z9hG4bK{id}{method};rport\r\nFrom: <sip:src@example.com>;tag=f{id}\r\n"
            + $"To: <sip:srs@example.com>{(toTag is null ? "" : ";tag=" + toTag)}\r\nCall-ID: {id}\r\n"
            + $"CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nContact: <sip:src@{local}>;+sip.src\r\n{headers}{type}"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
    }
}
