namespace Talreg.Sip.Messages;

/// <summary>The SIP extensions this server knows (RFC 3261 §19.2). Stateless.</summary>
internal static class OptionTags
{
    private const string Siprec = "siprec";

    /// <summary>
    /// Those that may stand in Require besides siprec. With 100rel every provisional response but 100 must be sent
    /// reliably (RFC 3262 §3); this server sends none but 100.
    /// </summary>
    private static readonly string[] Known = ["timer", "replaces", "100rel"];

    public static bool IsKnown(string tag, bool siprecEnabled) =>
        Known.Contains(tag, StringComparer.OrdinalIgnoreCase)
        || (siprecEnabled && tag.Equals(Siprec, StringComparison.OrdinalIgnoreCase));

    /// <summary>The Supported line; 100rel is not offered, because nothing is gained by it.</summary>
    public static string SupportedHeader(bool siprecEnabled) =>
        siprecEnabled ? "Supported: timer, replaces, siprec\r\n" : "Supported: timer, replaces\r\n";
}
