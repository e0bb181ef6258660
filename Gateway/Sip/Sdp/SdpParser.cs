using System.Globalization;
using System.Net;
using System.Text;

namespace Talreg.Sip.Sdp;

/// <summary>Why bytes are no session description.</summary>
internal enum SdpFault
{
    None,
    TooLong,
    TooManyLines,
    TooManyMediaLines,
    TooManyFormats,
    LineInvalid,
    VersionInvalid,
    OriginInvalid,
    ConnectionInvalid,
    MediaInvalid,
    ConnectionMissing,
}

/// <summary>Reads session descriptions (RFC 8866). Line ends may be CRLF or LF (§5). Stateless; any thread.</summary>
internal static class SdpParser
{
    public const int MaxBytes = 64 * 1024;
    public const int MaxLines = 2_048;
    public const int MaxMediaLines = 64;
    public const int MaxFormats = 64;

    /// <summary>Reads a description; never throws.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out SessionDescription? sdp, out SdpFault fault)
    {
        sdp = null;
        if (bytes.Length > MaxBytes)
        {
            fault = SdpFault.TooLong;
            return false;
        }

        var draft = new SdpDraft();
        var lines = 0;
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var line = (end < 0 ? bytes : bytes[..end]).TrimEnd((byte)'\r');
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (line.IsEmpty && bytes.IsEmpty)
            {
                break;
            }

            fault = ++lines > MaxLines ? SdpFault.TooManyLines : ReadLine(line, draft);
            if (fault != SdpFault.None)
            {
                return false;
            }
        }

        fault = draft.Finish(out sdp);
        return fault == SdpFault.None;
    }

    private static SdpFault ReadLine(ReadOnlySpan<byte> line, SdpDraft draft)
    {
        if (line.Length < 2 || line[1] != '=' || line.Contains((byte)0) || line.Contains((byte)'\r'))
        {
            return SdpFault.LineInvalid;
        }

        var value = Encoding.UTF8.GetString(line[2..]);
        if (!draft.HasVersion)
        {
            draft.HasVersion = line[0] == 'v' && value.Trim() == "0";
            return draft.HasVersion ? SdpFault.None : SdpFault.VersionInvalid;
        }

        switch (line[0])
        {
            case (byte)'o':
                return ReadOrigin(value, draft);
            case (byte)'s':
                draft.SessionName = value;
                return SdpFault.None;
            case (byte)'c':
                return ReadConnection(value, draft);
            case (byte)'m':
                return ReadMedia(value, draft);
            case (byte)'a':
                var colon = value.IndexOf(':', StringComparison.Ordinal);
                draft.Attributes.Add(
                    colon < 0
                        ? new SdpAttribute(value.Trim(), null)
                        : new SdpAttribute(value[..colon], value[(colon + 1)..].Trim()));
                return SdpFault.None;
            default:
                // b=, t=, i=, k= and the letters of later RFCs say nothing that a recorder needs.
                return line[0] is >= (byte)'a' and <= (byte)'z' ? SdpFault.None : SdpFault.LineInvalid;
        }
    }

    // o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
    private static SdpFault ReadOrigin(string value, SdpDraft draft)
    {
        var words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 6 || draft.Origin is not null || draft.Media.Count > 0)
        {
            return SdpFault.OriginInvalid;
        }

        draft.Origin = new SdpOrigin(words[0], words[1], words[2], words[5]);
        return SdpFault.None;
    }

    // c=<nettype> <addrtype> <connection-address>[/ttl]
    private static SdpFault ReadConnection(string value, SdpDraft draft)
    {
        var words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 3 || words[0] != "IN" || words[1] is not ("IP4" or "IP6"))
        {
            return SdpFault.ConnectionInvalid;
        }

        var slash = words[2].IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? words[2] : words[2][..slash];
        draft.SetConnection(new SdpConnection(words[2], IPAddress.TryParse(text, out var address) ? address : null));
        return SdpFault.None;
    }

    // m=<media> <port>[/<count>] <proto> <fmt> ...
    private static SdpFault ReadMedia(string value, SdpDraft draft)
    {
        var words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 4)
        {
            return SdpFault.MediaInvalid;
        }

        if (words.Length - 3 > MaxFormats || draft.Media.Count == MaxMediaLines)
        {
            return draft.Media.Count == MaxMediaLines ? SdpFault.TooManyMediaLines : SdpFault.TooManyFormats;
        }

        var slash = words[1].IndexOf('/', StringComparison.Ordinal);
        var count = 1;
        var portText = slash < 0 ? words[1] : words[1][..slash];
        if (!TryReadInt(portText, 65_535, out var port)
            || (slash >= 0 && !TryReadInt(words[1][(slash + 1)..], 65_535, out count)))
        {
            return SdpFault.MediaInvalid;
        }

        draft.Media.Add(new SdpMediaDraft(words[0], port, count, words[2], words[3..]));
        return SdpFault.None;
    }

    internal static bool TryReadInt(string text, int maximum, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= maximum;
}
