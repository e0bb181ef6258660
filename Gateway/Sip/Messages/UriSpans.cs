using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>The pieces of a URI, in the bytes it was read from: checked, nothing kept yet.</summary>
internal readonly ref struct UriSpans
{
    public required ReadOnlySpan<byte> Text { get; init; }

    /// <summary>In lower case; a known one costs no allocation.</summary>
    public required string Scheme { get; init; }

    /// <summary>With its percent-encoding and without a password.</summary>
    public ReadOnlySpan<byte> User { get; init; }

    public bool HasUser { get; init; }

    public ReadOnlySpan<byte> Host { get; init; }

    public int? Port { get; init; }

    public ReadOnlySpan<byte> Parameters { get; init; }

    public SipUri Keep()
    {
        var user = HasUser ? SipText.Keep(User) : null;
        var isEncoded = Scheme is "sip" or "sips" && User.Contains((byte)'%');
        return new SipUri
        {
            Text = SipText.Keep(Text),
            Scheme = Scheme,
            User = isEncoded ? Uri.UnescapeDataString(user!) : user,
            Host = SipText.Keep(Host),
            Port = Port,
            Parameters = SipText.Keep(Parameters),
        };
    }
}

/// <summary>The pieces of a name-addr or addr-spec, in the bytes it was read from.</summary>
internal readonly ref struct NameAddressSpans
{
    /// <summary>As it came, quotes and escapes included.</summary>
    public required ReadOnlySpan<byte> DisplayName { get; init; }

    public required UriSpans Uri { get; init; }

    public required ReadOnlySpan<byte> Tag { get; init; }

    public required bool HasTag { get; init; }

    public required ReadOnlySpan<byte> Parameters { get; init; }

    public NameAddress Keep() => new()
    {
        Uri = Uri.Keep(),
        DisplayName = DisplayName.IsEmpty ? null : KeepDisplayName(DisplayName),
        Tag = HasTag ? SipText.Keep(Tag) : null,
        Parameters = SipText.Keep(Parameters),
    };

    private static string KeepDisplayName(ReadOnlySpan<byte> display)
    {
        var text = SipText.Keep(SipText.Unquote(display));
        if (!text.Contains('\\'))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            i += text[i] == '\\' && i + 1 < text.Length ? 1 : 0;
            plain.Append(text[i]);
        }

        return plain.ToString();
    }
}
