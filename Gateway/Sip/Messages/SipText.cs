using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>The lexical rules that every header shares (RFC 3261 §25.1).</summary>
internal static class SipText
{
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~"u8);

    public static bool IsToken(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && text.IndexOfAnyExcept(TokenBytes) < 0;

    /// <summary>The number of leading token bytes.</summary>
    public static int TokenLength(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAnyExcept(TokenBytes);
        return end < 0 ? text.Length : end;
    }

    /// <summary>Without the blanks around it.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        var start = 0;
        while (start < text.Length && IsBlank(text[start]))
        {
            start++;
        }

        return TrimEnd(text[start..]);
    }

    /// <summary>Without the blanks behind it.</summary>
    public static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> text)
    {
        var end = text.Length;
        while (end > 0 && IsBlank(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    /// <summary>Reads digits and nothing else; a sign, a blank or an overflow is no number.</summary>
    public static bool TryReadNumber(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        return !text.IsEmpty
            && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            && Utf8Parser.TryParse(text, out value, out var consumed)
            && consumed == text.Length;
    }

    /// <summary>Where the first of the byte stands outside quoted strings and angle brackets; −1 where nowhere.</summary>
    public static int IndexOutside(ReadOnlySpan<byte> text, byte sought)
    {
        // Most text has neither: the first of the three tells.
        var first = text.IndexOfAny(sought, (byte)'"', (byte)'<');
        if (first < 0 || text[first] == sought)
        {
            return first;
        }

        var quoted = false;
        var inAngle = false;
        for (var i = first; i < text.Length; i++)
        {
            var current = text[i];
            if (quoted)
            {
                i += current == '\\' ? 1 : 0;
                quoted = current != '"';
                continue;
            }

            if (current == sought && !inAngle)
            {
                return i;
            }

            quoted = current == '"' && !inAngle;
            inAngle = current == '<' || (inAngle && current != '>');
        }

        return -1;
    }

    /// <summary>
    /// Finds a parameter in text of the form <c>;name=value;name</c> (quotes around the value removed).
    /// </summary>
    public static bool TryGetParameter(
        ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var rest = parameters;
        while (!rest.IsEmpty)
        {
            var end = IndexOutside(rest, (byte)';');
            var one = Trim(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? default : rest[(end + 1)..];
            var equals = one.IndexOf((byte)'=');
            var key = Trim(equals < 0 ? one : one[..equals]);
            if (Ascii.EqualsIgnoreCase(key, name))
            {
                value = equals < 0 ? default : Unquote(Trim(one[(equals + 1)..]));
                return true;
            }
        }

        value = default;
        return false;
    }

    public static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> text) =>
        text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;

    /// <summary>Text to keep: UTF-8, with what is not UTF-8 replaced.</summary>
    public static string Keep(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    private static bool IsBlank(byte letter) => letter is (byte)' ' or (byte)'\t';
}

/// <summary>Enumerates the items of a comma-separated header, trimmed, empty ones skipped.</summary>
internal ref struct CommaList
{
    private ReadOnlySpan<byte> _rest;

    public CommaList(ReadOnlySpan<byte> text)
    {
        _rest = text;
        Current = default;
    }

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly CommaList GetEnumerator() => this;

    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var end = SipText.IndexOutside(_rest, (byte)',');
            Current = SipText.Trim(end < 0 ? _rest : _rest[..end]);
            _rest = end < 0 ? default : _rest[(end + 1)..];
            if (!Current.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }
}
