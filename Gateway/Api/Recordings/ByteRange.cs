using System.Globalization;

namespace Talreg.Api.Recordings;

/// <summary>What a <c>Range</c> header asks for.</summary>
internal enum RangeVerdict
{
    /// <summary>No header, or one that is to be ignored: the whole.</summary>
    Whole,

    /// <summary>One range that can be served.</summary>
    Part,

    /// <summary>One range that lies outside: 416.</summary>
    Unsatisfiable,
}

/// <summary>One range of bytes (RFC 9110 §14.1.2).</summary>
/// <param name="First">Offset of its first byte.</param>
/// <param name="Length">Number of bytes, at least 1.</param>
internal readonly record struct ByteRange(long First, long Length)
{
    private const string Unit = "bytes=";

    /// <summary>Reads <c>bytes=first-last</c>, <c>bytes=first-</c> or <c>bytes=-suffix</c>.</summary>
    /// <remarks>Several ranges, other units and malformed ranges are ignored, as §14.2 allows.</remarks>
    public static RangeVerdict Read(string? header, long total, out ByteRange range)
    {
        range = default;
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return RangeVerdict.Whole;
        }

        var text = header.AsSpan(Unit.Length).Trim();
        var dash = text.IndexOf('-');
        if (dash < 0 || text.Contains(','))
        {
            return RangeVerdict.Whole;
        }

        var left = text[..dash];
        var right = text[(dash + 1)..];
        if (left.IsEmpty)
        {
            return Suffix(right, total, out range);
        }

        var last = long.MaxValue;
        if (!TryNumber(left, out var first) || (!right.IsEmpty && !TryNumber(right, out last)) || last < first)
        {
            return RangeVerdict.Whole;
        }

        if (first >= total)
        {
            return RangeVerdict.Unsatisfiable;
        }

        range = new ByteRange(first, Math.Min(last, total - 1) - first + 1);
        return RangeVerdict.Part;
    }

    private static RangeVerdict Suffix(ReadOnlySpan<char> text, long total, out ByteRange range)
    {
        range = default;
        if (!TryNumber(text, out var suffix))
        {
            return RangeVerdict.Whole;
        }

        if (suffix == 0 || total == 0)
        {
            return RangeVerdict.Unsatisfiable;
        }

        var length = Math.Min(suffix, total);
        range = new ByteRange(total - length, length);
        return RangeVerdict.Part;
    }

    /// <summary>Digits only; a number too large for a file is still a number.</summary>
    private static bool TryNumber(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value))
        {
            value = long.MaxValue;
        }

        return true;
    }
}
