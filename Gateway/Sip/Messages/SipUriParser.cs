using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>Reads URIs and name-addrs (RFC 3261 §19.1, §20.10, §25.1). Stateless.</summary>
internal static class SipUriParser
{
    /// <summary>The longest URI or display name kept, in bytes.</summary>
    public const int MaxUriBytes = 2_048;

    /// <summary>Reads a URI; schemes other than sip and sips are kept as text.</summary>
    public static bool TryParseUri(ReadOnlySpan<byte> text, out SipUri? uri)
    {
        uri = null;
        var colon = text.IndexOf((byte)':');
        if (colon <= 0 || colon == text.Length - 1 || text.Length > MaxUriBytes || !SipText.IsToken(text[..colon])
            || text.IndexOfAny(" \t<>\""u8) >= 0)
        {
            return false;
        }

        var scheme = Scheme(text[..colon]);
        var rest = text[(colon + 1)..];
        var isSip = scheme is "sip" or "sips";
        return isSip ? TryParseSip(text, scheme, rest, out uri) : KeepOther(text, scheme, rest, out uri);
    }

    /// <summary>Reads a name-addr or addr-spec with its header parameters.</summary>
    public static bool TryParseNameAddress(ReadOnlySpan<byte> text, out NameAddress? address)
    {
        address = null;
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

        if ((!parameters.IsEmpty && parameters[0] != ';') || !TryParseUri(uriText, out var uri))
        {
            return false;
        }

        var hasTag = SipText.TryGetParameter(parameters, "tag"u8, out var tag);
        if (hasTag && !SipText.IsToken(tag))
        {
            return false;
        }

        address = new NameAddress
        {
            Uri = uri!,
            DisplayName = display.IsEmpty ? null : KeepDisplayName(display),
            Tag = hasTag ? SipText.Keep(tag) : null,
            Parameters = SipText.Keep(parameters),
        };
        return true;
    }

    /// <summary>The scheme in lower case; a known one costs no allocation.</summary>
    private static string Scheme(ReadOnlySpan<byte> text) =>
        Ascii.EqualsIgnoreCase(text, "sip"u8) ? "sip"
        : Ascii.EqualsIgnoreCase(text, "sips"u8) ? "sips"
        : Ascii.EqualsIgnoreCase(text, "tel"u8) ? "tel"
        : Encoding.ASCII.GetString(text).ToLowerInvariant();

    // sip:user:password@host:port;uri-parameters?headers
    private static bool TryParseSip(
        ReadOnlySpan<byte> text, string scheme, ReadOnlySpan<byte> rest, out SipUri? uri)
    {
        uri = null;
        var at = rest.IndexOf((byte)'@');
        var user = at < 0 ? default : rest[..at];
        var host = rest[(at + 1)..];
        var end = host.IndexOfAny((byte)';', (byte)'?');
        var tail = end < 0 ? default : host[end..];
        host = end < 0 ? host : host[..end];
        var question = tail.IndexOf((byte)'?');
        var parameters = question < 0 ? tail : tail[..question];
        if (at == 0 || !TryParseHostPort(host, out var hostText, out var port))
        {
            return false;
        }

        var password = user.IndexOf((byte)':');
        uri = new SipUri
        {
            Text = SipText.Keep(text),
            Scheme = scheme,
            User = at < 0 ? null : Uri.UnescapeDataString(SipText.Keep(password < 0 ? user : user[..password])),
            Host = hostText,
            Port = port,
            Parameters = SipText.Keep(parameters),
        };
        return true;
    }

    private static bool KeepOther(ReadOnlySpan<byte> text, string scheme, ReadOnlySpan<byte> rest, out SipUri? uri)
    {
        var semicolon = rest.IndexOf((byte)';');
        uri = new SipUri
        {
            Text = SipText.Keep(text),
            Scheme = scheme,
            User = scheme == "tel" ? SipText.Keep(semicolon < 0 ? rest : rest[..semicolon]) : null,
            Parameters = semicolon < 0 ? "" : SipText.Keep(rest[semicolon..]),
        };
        return true;
    }

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[v6]</c> or <c>[v6]:port</c>.</summary>
    public static bool TryParseHostPort(ReadOnlySpan<byte> text, out string host, out int? port)
    {
        host = "";
        port = null;
        int end;
        if (!text.IsEmpty && text[0] == '[')
        {
            var close = text.IndexOf((byte)']');
            if (close < 3)
            {
                return false;
            }

            host = SipText.Keep(text[1..close]);
            end = close + 1;
        }
        else
        {
            var colon = text.IndexOf((byte)':');
            end = colon < 0 ? text.Length : colon;
            if (!SipText.IsToken(text[..end]))
            {
                return false;
            }

            host = SipText.Keep(text[..end]);
        }

        if (end == text.Length)
        {
            return true;
        }

        var valid = text[end] == ':' && SipText.TryReadNumber(text[(end + 1)..], out var number)
            && number is > 0 and <= 65_535;
        port = valid ? int.Parse(text[(end + 1)..], provider: null) : null;
        return valid;
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
