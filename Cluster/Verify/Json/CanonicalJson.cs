using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Talreg.Verify;

/// <summary>
/// Reads canonical JSON (RFC 8785, integers only) and refuses every other spelling, so that one document has one hash.
/// </summary>
internal ref struct CanonicalJson
{
    private const long MaxInteger = (1L << 53) - 1;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private readonly ReadOnlyMemory<byte> _document;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;
    private int _values;
    private string? _reason;

    private CanonicalJson(ReadOnlyMemory<byte> document)
    {
        _document = document;
        _bytes = document.Span;
    }

    public static bool TryParse(
        ReadOnlyMemory<byte> document, [NotNullWhen(true)] out JsonItem? root, [NotNullWhen(false)] out string? reason)
    {
        var reader = new CanonicalJson(document);
        root = document.Length > Limits.MaxJsonBytes
            ? reader.Refuse($"over {Limits.MaxJsonBytes} bytes")
            : reader.Value(1);
        if (root is not null && reader._at != document.Length)
        {
            root = reader.Refuse("bytes after the value");
        }

        reason = root is null ? reader._reason ?? "not JSON" : null;
        return root is not null;
    }

    private JsonItem? Refuse(string reason)
    {
        _reason ??= $"not canonical JSON: {reason} at byte {_at}";
        return null;
    }

    private bool Take(byte expected)
    {
        if (_at >= _bytes.Length || _bytes[_at] != expected)
        {
            return false;
        }

        _at++;
        return true;
    }

    private JsonItem? Value(int depth)
    {
        if (depth > Limits.MaxJsonDepth)
        {
            return Refuse($"nested over {Limits.MaxJsonDepth} levels");
        }

        if (++_values > Limits.MaxJsonValues)
        {
            return Refuse($"over {Limits.MaxJsonValues} values");
        }

        var start = _at;
        return _at >= _bytes.Length ? Refuse("ends early") : _bytes[_at] switch
        {
            (byte)'{' => Object(start, depth),
            (byte)'[' => List(start, depth),
            (byte)'"' => String() is { } text ? Item(JsonKind.Text, start, text: text) : null,
            (byte)'t' => Word("true"u8, JsonKind.Boolean, 1),
            (byte)'f' => Word("false"u8, JsonKind.Boolean, 0),
            (byte)'n' => Word("null"u8, JsonKind.Null, 0),
            _ => Integer(),
        };
    }

    private readonly JsonItem Item(JsonKind kind, int start, long number = 0, string? text = null) =>
        new() { Kind = kind, Raw = _document[start.._at], Number = number, Text = text };

    private JsonItem? Word(ReadOnlySpan<byte> word, JsonKind kind, long number)
    {
        if (!_bytes[_at..].StartsWith(word))
        {
            return Refuse("unknown word");
        }

        _at += word.Length;
        return Item(kind, _at - word.Length, number);
    }

    private JsonItem? Integer()
    {
        var start = _at;
        while (_at < _bytes.Length && _at - start < 18 && IsDigitOrSign(_bytes[_at]))
        {
            _at++;
        }

        // One value, one spelling: "-0", "01" and the like do not come back the same.
        var digits = Encoding.ASCII.GetString(_bytes[start.._at]);
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value is >= -MaxInteger and <= MaxInteger
            && string.Equals(digits, value.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            ? Item(JsonKind.Integer, start, value)
            : Refuse("not an integer");
    }

    private static bool IsDigitOrSign(byte b) => b == '-' || char.IsAsciiDigit((char)b);

    private JsonItem? List(int start, int depth)
    {
        _at++;
        var items = new List<JsonItem>();
        while (!Take((byte)']'))
        {
            if ((items.Count > 0 && !Take((byte)',')) || Value(depth + 1) is not { } item)
            {
                return Refuse("broken list");
            }

            items.Add(item);
        }

        return new JsonItem { Kind = JsonKind.List, Raw = _document[start.._at], Items = items };
    }

    private JsonItem? Object(int start, int depth)
    {
        _at++;
        var members = new Dictionary<string, JsonItem>(StringComparer.Ordinal);
        string? previous = null;
        while (!Take((byte)'}'))
        {
            if (members.Count > 0 && !Take((byte)','))
            {
                return Refuse("broken object");
            }

            if (String() is not { } name || !Take((byte)':'))
            {
                return Refuse("broken member");
            }

            if (previous is not null && string.CompareOrdinal(previous, name) >= 0)
            {
                return Refuse("members not sorted or not unique");
            }

            if (Value(depth + 1) is not { } item)
            {
                return null;
            }

            members.Add(name, item);
            previous = name;
        }

        return new JsonItem { Kind = JsonKind.Object, Raw = _document[start.._at], Members = members };
    }

    private string? String()
    {
        var start = _at;
        if (!Take((byte)'"'))
        {
            _ = Refuse("no string");
            return null;
        }

        while (_at < _bytes.Length && _bytes[_at] != '"')
        {
            _at += _bytes[_at] == '\\' ? 2 : 1;
        }

        if (_at >= _bytes.Length)
        {
            _at = _bytes.Length;
            _ = Refuse("string without end");
            return null;
        }

        _at++;
        var inner = _bytes[(start + 1)..(_at - 1)];
        if (!System.Text.Unicode.Utf8.IsValid(inner))
        {
            _ = Refuse("not UTF-8");
            return null;
        }

        var text = Unescape(StrictUtf8.GetString(inner));
        if (text is null || !string.Equals(Escape(text), StrictUtf8.GetString(inner), StringComparison.Ordinal))
        {
            _ = Refuse("string not in its canonical spelling");
            return null;
        }

        return text;
    }

    private static string? Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
            }
            else if (++i < text.Length && "bfnrt\"\\".IndexOf(text[i], StringComparison.Ordinal) is >= 0 and var known)
            {
                result.Append("\b\f\n\r\t\"\\"[known]);
            }
            else if (i + 4 < text.Length && text[i] == 'u'
                && ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, null, out var code))
            {
                result.Append((char)code);
                i += 4;
            }
            else
            {
                return null;
            }
        }

        return result.ToString();
    }

    private static string Escape(string text)
    {
        if (!text.AsSpan().ContainsAny('"', '\\') && !text.AsSpan().ContainsAnyInRange('\0', '\x1f'))
        {
            return text;
        }

        var result = new StringBuilder();
        foreach (var c in text)
        {
            var known = "\b\f\n\r\t\"\\".IndexOf(c, StringComparison.Ordinal);
            _ = known >= 0 ? result.Append('\\').Append("bfnrt\"\\"[known])
                : c < ' ' ? result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
                : result.Append(c);
        }

        return result.ToString();
    }
}
