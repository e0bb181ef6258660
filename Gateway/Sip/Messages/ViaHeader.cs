using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>The topmost Via (RFC 3261 §20.42), as far as it is kept.</summary>
/// <param name="SentBy">Host and port as they came.</param>
/// <param name="Port">The port, or null.</param>
/// <param name="Branch">The branch, or null.</param>
/// <param name="WantsRport">Whether the response goes to where the request came from (RFC 3581).</param>
internal sealed record ViaHeader(string SentBy, int? Port, string? Branch, bool WantsRport)
{
    /// <summary>The start of every branch made under RFC 3261 (§8.1.1.7).</summary>
    public const string MagicCookie = "z9hG4bK";

    /// <summary>The host of <see cref="SentBy"/>, without the brackets of an IPv6 address.</summary>
    public string Host
    {
        get
        {
            var isBracketed = SentBy.StartsWith('[');
            var end = SentBy.IndexOf(isBracketed ? ']' : ':', StringComparison.Ordinal);
            return SentBy[(isBracketed ? 1 : 0)..(end < 0 ? SentBy.Length : end)];
        }
    }

    /// <summary>Whether the branch alone names the transaction (RFC 3261 §17.2.3).</summary>
    public bool HasUniqueBranch =>
        Branch is { } branch && branch.Length > MagicCookie.Length
        && branch.StartsWith(MagicCookie, StringComparison.OrdinalIgnoreCase);

    /// <summary>The topmost Via of a message as it came; empty where there is none.</summary>
    public static string TextOf(SipMessage message) => SipText.Keep(TopOf(message));

    /// <summary>The first Via of a field that may list several.</summary>
    public static ReadOnlySpan<byte> FirstOf(ReadOnlySpan<byte> value)
    {
        foreach (var item in new CommaList(value))
        {
            return item;
        }

        return default;
    }

    /// <summary>Reads the topmost Via of a message.</summary>
    public static bool TryReadTop(SipMessage message, out ViaHeader? via) => TryParse(TopOf(message), out via);

    private static ReadOnlySpan<byte> TopOf(SipMessage message) =>
        message.TryGet(HeaderName.Via, out var value) ? FirstOf(value) : default;

    // Via: SIP/2.0/UDP host:port;branch=z9hG4bK...;rport
    private static bool TryParse(ReadOnlySpan<byte> text, out ViaHeader? via)
    {
        via = null;
        var semicolon = SipText.IndexOutside(text, (byte)';');
        var head = SipText.Trim(semicolon < 0 ? text : text[..semicolon]);
        var parameters = semicolon < 0 ? default : text[semicolon..];
        var slash = head.LastIndexOf((byte)'/');
        if (slash < 0)
        {
            return false;
        }

        var protocol = head[..slash];
        var afterSlash = SipText.Trim(head[(slash + 1)..]);
        var transportLength = SipText.TokenLength(afterSlash);
        var sentBy = SipText.Trim(afterSlash[transportLength..]);
        if (!IsSip20(protocol) || transportLength == 0
            || !SipUriParser.TrySplitHostPort(sentBy, out _, out var port))
        {
            return false;
        }

        var hasBranch = SipText.TryGetParameter(parameters, "branch"u8, out var branch);
        via = new ViaHeader(
            SipText.Keep(sentBy),
            port,
            hasBranch ? SipText.Keep(branch) : null,
            SipText.TryGetParameter(parameters, "rport"u8, out _));
        return true;
    }

    private static bool IsSip20(ReadOnlySpan<byte> protocol)
    {
        var slash = protocol.IndexOf((byte)'/');
        return slash > 0
            && Ascii.EqualsIgnoreCase(SipText.Trim(protocol[..slash]), "SIP"u8)
            && SipText.Trim(protocol[(slash + 1)..]).SequenceEqual("2.0"u8);
    }
}
