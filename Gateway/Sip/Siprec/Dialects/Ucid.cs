using System.Globalization;

namespace Talreg.Sip.Siprec.Dialects;

/// <summary>
/// The universal call id: node (2 bytes), sequence (2), time (4), which people write as 5, 5 and 10 decimal digits. On
/// the
/// wire it is hexadecimal, with or without its tag FA and length 08, often followed by <c>;encoding=hex</c>. Stateless.
/// </summary>
internal static class Ucid
{
    private const string Tag = "FA08";
    private const int HexDigits = 16;
    private const int DecimalDigits = 20;

    /// <summary>Reads either spelling; null when it is none.</summary>
    public static string? Read(string text)
    {
        var semicolon = text.IndexOf(';', StringComparison.Ordinal);
        var plain = (semicolon < 0 ? text : text[..semicolon]).Trim();
        if (plain.Length == DecimalDigits && plain.All(char.IsAsciiDigit))
        {
            return plain;
        }

        var tag = plain.IndexOf(Tag, StringComparison.OrdinalIgnoreCase);
        var hex = tag >= 0 && plain.Length >= tag + Tag.Length + HexDigits
            ? plain.Substring(tag + Tag.Length, HexDigits)
            : plain;
        return hex.Length == HexDigits
            && ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id)
                ? string.Create(
                    CultureInfo.InvariantCulture, $"{id >> 48:D5}{(id >> 32) & 0xFFFF:D5}{id & 0xFFFF_FFFF:D10}")
                : null;
    }
}
