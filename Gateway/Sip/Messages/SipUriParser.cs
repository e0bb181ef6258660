using System.Buffers;
using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>Reads URIs and name-addrs (RFC 3261 §19.1, §20.10, §25.1). Stateless; splitting allocates nothing.</summary>
internal static class SipUriParser
{
    /// <summary>The longest URI or display name kept, in bytes.</summary>
    public const int MaxUriBytes = 2_048;

    private static readonly SearchValues<byte> NotInUri = SearchValues.Create(" \t<>\""u8);

    /// <summary>Reads a URI; schemes other than sip and sips are kept as text.</summary>
    public static bool TryParseUri(ReadOnlySpan<byte> text, out SipUri? uri)
    {
        uri = TrySplitUri(text, out var spans) ? spans.Keep() : null;
        return uri is not null;
    }

    /// <summary>Reads a name-addr or addr-spec with its header parameters.</summary>
    public static bool TryParseNameAddress(ReadOnlySpan<byte> text, out NameAddress? address)
    {
        address = TrySplitNameAddress(text, out var spans) ? spans.Keep() : null;
        return address is not null;
    }

    /// <summary>Checks a URI and finds its pieces.</summary>
    public static bool TrySplitUri(ReadOnlySpan<byte> text, out UriSpans uri)
    {
        uri = default;
        var colon = text.IndexOf((byte)':');
        if (colon <= 0 || colon == text.Length - 1 || text.Length > MaxUriBytes || !SipText.IsToken(text[..colon])
            || text.ContainsAny(NotInUri))
        {
            return false;
        }

        var scheme = Scheme(text[..colon]);
        var rest = text[(colon + 1)..];
        return scheme is "sip" or "sips"
            ? TrySplitSip(text, scheme, rest, out uri)
            : SplitOther(text, scheme, rest, out uri);
    }

    /// <summary>Checks a name-addr or addr-spec and finds its pieces.</summary>
    public static bool TrySplitNameAddress(ReadOnlySpan<byte> text, out NameAddressSpans address)
    {
        address = default;
        text = SipText.Trim(text);
        var open = IndexOfAngle(text);
        ReadOnlySpan<byte> uriText;
        ReadOnlySpan<byte> parameters;
        ReadOnlySpan<byte> display = default;
        if (open >= 0)
        {
            var close = text[open..].IndexOf((byte)'>');
            if (close < 0)
            {
                return false;
            }

            display = SipText.Trim(text[..open]);
            uriText = SipText.Trim(text.Slice(open + 1, close - 1));
            parameters = SipText.Trim(text[(open + close + 1)..]);
        }
        else
        {
            // Without brackets every parameter belongs to the header, not to the URI (RFC 3261 §20.10).
            var semicolon = text.IndexOf((byte)';');
            uriText = SipText.Trim(semicolon < 0 ? text : text[..semicolon]);
            parameters = semicolon < 0 ? default : text[semicolon..];
        }

        if ((!parameters.IsEmpty && parameters[0] != ';') || !TrySplitUri(uriText, out var uri))
        {
            return false;
        }

        var hasTag = SipText.TryGetParameter(parameters, "tag"u8, out var tag);
        if (hasTag && !SipText.IsToken(tag))
        {
            return false;
        }

        address = new NameAddressSpans
        {
            DisplayName = display, Uri = uri, Tag = tag, HasTag = hasTag, Parameters = parameters,
        };
        return true;
    }

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[v6]</c> or <c>[v6]:port</c>.</summary>
    public static bool TrySplitHostPort(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> host, out int? port)
    {
        host = default;
        port = null;
        int end;
        if (!text.IsEmpty && text[0] == '[')
        {
            var close = text.IndexOf((byte)']');
            if (close < 3)
            {
                return false;
            }

            host = text[1..close];
            end = close + 1;
        }
        else
        {
            var colon = text.IndexOf((byte)':');
            end = colon < 0 ? text.Length : colon;
            host = text[..end];
            if (!SipText.IsToken(host))
            {
                return false;
            }
        }

        if (end == text.Length)
        {
            return true;
        }

        if (text[end] != ':' || !SipText.TryReadNumber(text[(end + 1)..], out var number)
            || number is 0 or > 65_535)
        {
            return false;
        }

        port = (int)number;
        return true;
    }

    /// <summary>The scheme in lower case; a known one costs no allocation.</summary>
    private static string Scheme(ReadOnlySpan<byte> text) =>
        Ascii.EqualsIgnoreCase(text, "sip"u8) ? "sip"
        : Ascii.EqualsIgnoreCase(text, "sips"u8) ? "sips"
        : Ascii.EqualsIgnoreCase(text, "tel"u8) ? "tel"
        : Encoding.ASCII.GetString(text).ToLowerInvariant();

    // sip:user:password@host:port;uri-parameters?headers
    private static bool TrySplitSip(
        ReadOnlySpan<byte> text, string scheme, ReadOnlySpan<byte> rest, out UriSpans uri)
    {
        uri = default;
        var at = rest.IndexOf((byte)'@');
        var user = at < 0 ? default : rest[..at];
        var host = rest[(at + 1)..];
        var end = host.IndexOfAny((byte)';', (byte)'?');
        var tail = end < 0 ? default : host[end..];
        host = end < 0 ? host : host[..end];
        var question = tail.IndexOf((byte)'?');
        if (at == 0 || !TrySplitHostPort(host, out var hostText, out var port))
        {
            return false;
        }

        var password = user.IndexOf((byte)':');
        uri = new UriSpans
        {
            Text = text,
            Scheme = scheme,
            User = password < 0 ? user : user[..password],
            HasUser = at >= 0,
            Host = hostText,
            Port = port,
            Parameters = question < 0 ? tail : tail[..question],
        };
        return true;
    }

    private static bool SplitOther(ReadOnlySpan<byte> text, string scheme, ReadOnlySpan<byte> rest, out UriSpans uri)
    {
        var semicolon = rest.IndexOf((byte)';');
        var isNumber = scheme == "tel";
        uri = new UriSpans
        {
            Text = text,
            Scheme = scheme,
            User = isNumber ? (semicolon < 0 ? rest : rest[..semicolon]) : default,
            HasUser = isNumber,
            Parameters = semicolon < 0 ? default : rest[semicolon..],
        };
        return true;
    }

    private static int IndexOfAngle(ReadOnlySpan<byte> text)
    {
        var first = text.IndexOfAny((byte)'"', (byte)'<');
        if (first < 0 || text[first] == '<')
        {
            return first;
        }

        var quoted = false;
        for (var i = first; i < text.Length; i++)
        {
            if (quoted && text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && text[i] == '<')
            {
                return i;
            }
        }

        return -1;
    }
}
