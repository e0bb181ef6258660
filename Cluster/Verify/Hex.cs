using System.Diagnostics.CodeAnalysis;

namespace Talreg.Verify;

/// <summary>Lower-case hexadecimal, the only spelling the formats use, and the canonical text of a UUID.</summary>
internal static class Hex
{
    /// <summary>Reads exactly <paramref name="length"/> bytes; upper case is refused, so that one value has one spelling.</summary>
    public static bool TryParse(string? text, int length, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text is null || text.Length != length * 2 || !text.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f'))
        {
            return false;
        }

        bytes = Convert.FromHexString(text);
        return true;
    }

    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    /// <summary>Reads <c>xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx</c> in lower case.</summary>
    public static bool TryParseUuid(string? text, out Guid id) =>
        Guid.TryParseExact(text, "D", out id) && string.Equals(id.ToString("D"), text, StringComparison.Ordinal);

    public static Guid Uuid(ReadOnlySpan<byte> bytes) => new(bytes, bigEndian: true);
}
