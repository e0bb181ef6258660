using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Talreg.Silo.Demo;

/// <summary>
/// A response as the demo needs it: its own small reader, so that no fault of the recorder's is shared.
/// </summary>
internal sealed record DemoSipMessage(string FirstLine, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    /// <summary>The status code; 0 when this is a request.</summary>
    public int Status { get; } = FirstLine.StartsWith("SIP/2.0 ", StringComparison.Ordinal) && FirstLine.Length >= 11
        && int.TryParse(FirstLine.AsSpan(8, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
        ? status
        : 0;

    public string Reason => FirstLine.Length > 12 ? FirstLine[12..] : "";

    /// <summary>The first value of a header, or an empty text.</summary>
    public string this[string name] => Headers.FirstOrDefault(
        header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    /// <summary>Reads one message that lies whole in memory; null when it is none.</summary>
    public static DemoSipMessage? Read(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var lines = Encoding.UTF8.GetString(bytes[..end]).Split("\r\n");
        var headers = new List<(string, string)>();
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                headers.Add((LongName(line[..colon].Trim()), line[(colon + 1)..].Trim()));
            }
        }

        return new DemoSipMessage(lines[0], headers, Encoding.UTF8.GetString(bytes[(end + 4)..]));
    }

    /// <summary>The length of the body a header block announces; 0 without a Content-Length.</summary>
    public int ContentLength =>
        int.TryParse(this["Content-Length"], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : 0;

    private static string LongName(string name) => name.ToUpperInvariant() switch
    {
        "V" => "Via",
        "F" => "From",
        "T" => "To",
        "I" => "Call-ID",
        "M" => "Contact",
        "L" => "Content-Length",
        "C" => "Content-Type",
        _ => name,
    };

    /// <summary>
    /// Where each m-line of an SDP answer wants its RTP; null where it wants none: port 0, a connection address of
    /// 0.0.0.0 or :: (RFC 3264 §8.4), <c>inactive</c> or <c>sendonly</c> on the line or, for lines without a
    /// direction of their own, on the session (RFC 8866 §6.7).
    /// </summary>
    public IReadOnlyList<IPEndPoint?> MediaTargets(IPAddress fallback)
    {
        var sections = Body.ReplaceLineEndings("\n").Split("\nm=");
        var session = Connection(sections[0], fallback);
        var sessionTakes = Takes(sections[0], otherwise: true);
        var targets = new List<IPEndPoint?>();
        foreach (var section in sections.Skip(1))
        {
            var fields = section.Split([' ', '\n'], 3);
            var port = fields.Length > 1
                && ushort.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : 0;
            var address = Connection(section, session);
            var valid = port > 0
                && Takes(section, sessionTakes)
                && !address.Equals(IPAddress.Any)
                && !address.Equals(IPAddress.IPv6Any);
            targets.Add(valid ? new IPEndPoint(address, port) : null);
        }

        return targets;
    }

    private static bool Takes(string section, bool otherwise)
    {
        foreach (var line in section.Split('\n'))
        {
            switch (line.Trim())
            {
                case "a=inactive" or "a=sendonly":
                    return false;
                case "a=recvonly" or "a=sendrecv":
                    return true;
                default:
                    break;
            }
        }

        return otherwise;
    }

    private static IPAddress Connection(string section, IPAddress fallback)
    {
        var line = Array.Find(section.Split('\n'), text => text.StartsWith("c=IN IP", StringComparison.Ordinal));
        return line is not null
            && IPAddress.TryParse(line[(line.LastIndexOf(' ') + 1)..], out var address)
            && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
                ? address
                : fallback;
    }
}
