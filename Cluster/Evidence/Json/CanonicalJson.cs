using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Talreg.Evidence.Json;

/// <summary>
/// The one encoding of everything that is hashed or signed: RFC 8785 restricted to objects, arrays, strings, integers of
/// at most 53 bits, booleans and null (FORMAT.md, conventions).
/// </summary>
public static class CanonicalJson
{
    /// <summary>The largest integer that may be written; its negative is the smallest.</summary>
    public const long MaxInteger = (1L << 53) - 1;

    /// <summary>How deep objects and arrays may nest.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = MaxDepth,
    };

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes the canonical bytes of a value; the caller owns the array.</summary>
    /// <exception cref="ArgumentException">The value holds what canonical JSON cannot say: a fraction, an integer of more
    /// than 53 bits, half a surrogate pair, or it nests too deep.</exception>
    public static byte[] Write(JsonNode? value)
    {
        var output = new ArrayBufferWriter<byte>(256);
        return TryWrite(value, output, 0, out var reason)
            ? output.WrittenSpan.ToArray()
            : throw new ArgumentException($"Not canonical JSON: {reason}.", nameof(value));
    }

    /// <summary>Reads a value whose bytes are exactly the canonical ones.</summary>
    /// <param name="utf8">The bytes, without anything before or after.</param>
    /// <param name="value">The value; null also stands for JSON's <c>null</c>.</param>
    /// <param name="reason">Why the bytes were refused; null on success.</param>
    public static bool TryParseCanonical(
        ReadOnlySpan<byte> utf8, out JsonNode? value, [NotNullWhen(false)] out string? reason)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(utf8.Length, 1));
        try
        {
            value = JsonNode.Parse(utf8, nodeOptions: null, Strict);
            if (!TryWrite(value, output, 0, out reason))
            {
                value = null;
                return false;
            }
        }
        catch (JsonException e)
        {
            value = null;
            reason = $"not JSON: {e.Message}";
            return false;
        }
        catch (InvalidOperationException)
        {
            // The reader defers the check of \u escapes until a string is asked for.
            value = null;
            reason = "a string is not valid Unicode";
            return false;
        }

        if (!output.WrittenSpan.SequenceEqual(utf8))
        {
            value = null;
            reason = "JSON, but not in canonical form";
            return false;
        }

        return true;
    }

    private static bool TryWrite(
        JsonNode? node, ArrayBufferWriter<byte> output, int depth, [NotNullWhen(false)] out string? reason)
    {
        if (depth >= MaxDepth)
        {
            reason = "nested too deep";
            return false;
        }

        switch (node)
        {
            case null:
                output.Write("null"u8);
                reason = null;
                return true;
            case JsonObject members:
                return TryWriteObject(members, output, depth, out reason);
            case JsonArray elements:
                return TryWriteArray(elements, output, depth, out reason);
            default:
                return TryWriteValue(node.AsValue(), output, out reason);
        }
    }

    private static bool TryWriteObject(
        JsonObject members, ArrayBufferWriter<byte> output, int depth, [NotNullWhen(false)] out string? reason)
    {
        var sorted = members.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        output.Write("{"u8);
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            if (!TryWriteString(sorted[i].Key, output, out reason))
            {
                return false;
            }

            output.Write(":"u8);
            if (!TryWrite(sorted[i].Value, output, depth + 1, out reason))
            {
                return false;
            }
        }

        output.Write("}"u8);
        reason = null;
        return true;
    }

    private static bool TryWriteArray(
        JsonArray elements, ArrayBufferWriter<byte> output, int depth, [NotNullWhen(false)] out string? reason)
    {
        output.Write("["u8);
        for (var i = 0; i < elements.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            if (!TryWrite(elements[i], output, depth + 1, out reason))
            {
                return false;
            }
        }

        output.Write("]"u8);
        reason = null;
        return true;
    }

    private static bool TryWriteValue(
        JsonValue value, ArrayBufferWriter<byte> output, [NotNullWhen(false)] out string? reason)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.True:
                output.Write("true"u8);
                reason = null;
                return true;
            case JsonValueKind.False:
                output.Write("false"u8);
                reason = null;
                return true;
            case JsonValueKind.String:
                return TryWriteString(value.GetValue<string>(), output, out reason);
            case JsonValueKind.Number:
                return TryWriteInteger(value.ToJsonString(), output, out reason);
            default:
                reason = "a value of a kind that JSON does not have";
                return false;
        }
    }

    private static bool TryWriteInteger(
        string text, ArrayBufferWriter<byte> output, [NotNullWhen(false)] out string? reason)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            || number is < -MaxInteger or > MaxInteger)
        {
            reason = "a number that is not an integer of at most 53 bits";
            return false;
        }

        var span = output.GetSpan(20);
        number.TryFormat(span, out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
        reason = null;
        return true;
    }

    private static bool TryWriteString(
        string text, ArrayBufferWriter<byte> output, [NotNullWhen(false)] out string? reason)
    {
        output.Write("\""u8);
        var rest = text.AsSpan();
        while (true)
        {
            var special = rest.IndexOfAny(Escaped);
            var plain = special < 0 ? rest : rest[..special];
            if (!TryWriteUnicode(plain, output))
            {
                reason = "a string is not valid Unicode";
                return false;
            }

            if (special < 0)
            {
                break;
            }

            WriteEscape(rest[special], output);
            rest = rest[(special + 1)..];
        }

        output.Write("\""u8);
        reason = null;
        return true;
    }

    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(i => (char)i), '"', '\\']);

    private static bool TryWriteUnicode(ReadOnlySpan<char> text, ArrayBufferWriter<byte> output)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return false;
            }

            i++;
        }

        Utf8.GetBytes(text, output);
        return true;
    }

    // RFC 8785 §3.2.2.2: the short escapes where JSON has them, lower-case \u00xx for the other controls.
    private static void WriteEscape(char c, ArrayBufferWriter<byte> output)
    {
        var escape = c switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\b' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\f' => "\\f",
            '\r' => "\\r",
            _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
        };
        Utf8.GetBytes(escape, output);
    }
}
