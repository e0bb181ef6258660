namespace Talreg.State.Search;

/// <summary>The forms under which a party is found: address, user part, and a number with and without its +.</summary>
internal static class PartyKeys
{
    /// <summary>The longest form kept; a longer one is cut, for values and queries alike.</summary>
    public const int MaxLength = 256;

    /// <summary>Fewest characters before the <c>*</c> of a prefix.</summary>
    public const int MinPrefix = 3;

    /// <summary>Every form of an address of record, without repetition.</summary>
    public static IReadOnlyList<string> Of(string aor)
    {
        var keys = new List<string>(4);
        var address = Strip(aor);
        Add(keys, address);
        var at = address.IndexOf('@', StringComparison.Ordinal);
        var user = at < 0 ? address : address[..at];
        Add(keys, user);
        var number = Number(user);
        if (number is not null)
        {
            Add(keys, number);
            Add(keys, number.TrimStart('+'));
        }

        return keys;
    }

    /// <summary>The one form of what somebody typed.</summary>
    public static string Normalize(string text)
    {
        var address = Strip(text);
        return Cut(Number(address) ?? address);
    }

    /// <summary>Lower case, without angle brackets, scheme, parameters and headers (RFC 3261 §19.1.1, RFC 3966 §3).</summary>
    private static string Strip(string text)
    {
        var value = text.AsSpan().Trim();
        var open = value.IndexOf('<');
        if (open >= 0)
        {
            value = value[(open + 1)..];
            var close = value.IndexOf('>');
            value = close >= 0 ? value[..close] : value;
        }

        foreach (var scheme in (ReadOnlySpan<string>)["sip:", "sips:", "tel:"])
        {
            if (value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                value = value[scheme.Length..];
                break;
            }
        }

        var end = value.IndexOfAny(';', '?');
        return (end < 0 ? value : value[..end]).ToString().ToLowerInvariant();
    }

    /// <summary>Digits with an optional leading +, visual separators removed; null when it is not a number.</summary>
    private static string? Number(string user)
    {
        Span<char> digits = stackalloc char[64];
        var length = 0;
        foreach (var c in user)
        {
            if (c is ' ' or '-' or '.' or '(' or ')' or '/')
            {
                continue;
            }

            if (length == digits.Length || (!char.IsAsciiDigit(c) && !(c == '+' && length == 0)))
            {
                return null;
            }

            digits[length++] = c;
        }

        return length == 0 || (length == 1 && digits[0] == '+') ? null : digits[..length].ToString();
    }

    private static void Add(List<string> keys, string key)
    {
        var cut = Cut(key);
        if (cut.Length > 0 && !keys.Contains(cut, StringComparer.Ordinal))
        {
            keys.Add(cut);
        }
    }

    private static string Cut(string key) => key.Length <= MaxLength ? key : key[..MaxLength];
}
