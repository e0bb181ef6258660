namespace Talreg.Sip.Sdp;

/// <summary>Describes payload formats by rtpmap, fmtp and the static table.</summary>
internal static class SdpFormats
{
    /// <summary>Describes one format of an m-line.</summary>
    public static SdpFormat Describe(string format, List<SdpAttribute> attributes)
    {
        var map = FindFor(attributes, "rtpmap", format);
        var fmtp = FindFor(attributes, "fmtp", format);
        if (map is null)
        {
            var (name, rate) = Static(format);
            return new SdpFormat(format, name, rate, format == "10" ? 2 : 1, fmtp, IsMapped: false);
        }

        // a=rtpmap:<payload type> <encoding name>/<clock rate>[/<channels>]
        var parts = map.Split('/');
        var clock = parts.Length > 1 && SdpParser.TryReadInt(parts[1].Trim(), 1_000_000, out var hertz) ? hertz : 0;
        var channels = parts.Length > 2 && SdpParser.TryReadInt(parts[2].Trim(), 255, out var count) ? count : 1;
        return new SdpFormat(format, parts[0].Trim(), clock, channels, fmtp, IsMapped: true);
    }

    private static string? FindFor(List<SdpAttribute> attributes, string name, string format)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Name == name && attribute.Value is { } value
                && value.StartsWith(format, StringComparison.Ordinal)
                && value.Length > format.Length && value[format.Length] == ' ')
            {
                return value[(format.Length + 1)..].Trim();
            }
        }

        return null;
    }

    /// <summary>
    /// The static payload types of RFC 3551 §6 that carry telephony. G.722 runs at 8,000 by decree; 10 is L16 of two
    /// channels.
    /// </summary>
    private static (string? Name, int ClockRate) Static(string format) => format switch
    {
        "0" => ("PCMU", 8_000),
        "3" => ("GSM", 8_000),
        "4" => ("G723", 8_000),
        "8" => ("PCMA", 8_000),
        "9" => ("G722", 8_000),
        "10" or "11" => ("L16", 44_100),
        "13" => ("CN", 8_000),
        "15" => ("G728", 8_000),
        "18" => ("G729", 8_000),
        _ => (null, 0),
    };
}
