namespace Talreg.Policy;

/// <summary>The form in which numbers and user parts are compared.</summary>
/// <remarks>
/// Of an address of record the user part counts (RFC 3261 §19.1.1, RFC 3966 §3). A number loses its visual separators
/// and a leading <c>00</c> becomes <c>+</c>. Anything else is compared in lower case.
/// </remarks>
public static class PartyNumber
{
    /// <summary>The longest prefix of a rule; a longer party is compared by its first characters.</summary>
    public const int MaxLength = 128;

    /// <summary>Writes the form into a buffer.</summary>
    /// <param name="party">An address of record, a number or a user part.</param>
    /// <param name="buffer">At least <see cref="MaxLength"/> characters.</param>
    /// <returns>The form's length in characters.</returns>
    public static int Normalize(ReadOnlySpan<char> party, Span<char> buffer)
    {
        var user = UserPart(party);
        var length = Number(user, buffer);
        if (length >= 0)
        {
            return length;
        }

        user = user[..Math.Min(user.Length, MaxLength)];
        return Math.Max(0, user.ToLowerInvariant(buffer));
    }

    /// <summary>The form as a string.</summary>
    public static string Normalize(string party)
    {
        Span<char> buffer = stackalloc char[MaxLength];
        return buffer[..Normalize(party, buffer)].ToString();
    }

    /// <summary>True for a party that does not say who it is (RFC 3323 §4.1.1.3), or says nothing.</summary>
    /// <param name="party">As it was given.</param>
    /// <param name="normalized">Its form.</param>
    public static bool IsAnonymous(ReadOnlySpan<char> party, ReadOnlySpan<char> normalized) =>
        normalized.IsEmpty
        || normalized is "anonymous"
        || party.Contains("@anonymous.invalid", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> UserPart(ReadOnlySpan<char> party)
    {
        var value = party.Trim();
        var open = value.IndexOf('<');
        if (open >= 0)
        {
            value = value[(open + 1)..];
            var close = value.IndexOf('>');
            value = close >= 0 ? value[..close] : value;
        }

        var hasScheme = false;
        foreach (var scheme in (ReadOnlySpan<string>)["sip:", "sips:", "tel:"])
        {
            if (value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                value = value[scheme.Length..];
                hasScheme = true;
                break;
            }
        }

        var at = value.IndexOf('@');
        if (at >= 0)
        {
            value = value[..at];
            hasScheme = true;
        }

        // Parameters stand behind a semicolon of an address, also inside the user part (RFC 3261 §19.1.6).
        var end = hasScheme ? value.IndexOfAny(';', '?') : -1;
        return end < 0 ? value : value[..end];
    }

    /// <summary>Writes a number; -1 when it is not one.</summary>
    private static int Number(ReadOnlySpan<char> user, Span<char> buffer)
    {
        var length = 0;
        foreach (var c in user)
        {
            if (c is ' ' or '-' or '.' or '(' or ')' or '/')
            {
                continue;
            }

            if (length == MaxLength || (!char.IsAsciiDigit(c) && !(c == '+' && length == 0)))
            {
                return -1;
            }

            buffer[length++] = c;
        }

        if (length >= 2 && buffer[0] == '0' && buffer[1] == '0')
        {
            buffer[1..length].CopyTo(buffer);
            buffer[0] = '+';
            length--;
        }

        return length == 0 ? -1 : length;
    }
}
