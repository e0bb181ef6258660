using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Talreg.Evidence.Ledger;

/// <summary>A tile as its path names it.</summary>
/// <param name="Level">0 to 63; null for a tile of entries.</param>
/// <param name="Number">Its index within the level.</param>
/// <param name="Width">Hashes or entries: 256, or fewer for a partial tile.</param>
public sealed record TileAddress(int? Level, long Number, int Width);

/// <summary>Paths of tiles as C2SP tlog-tiles writes them: groups of three digits, all but the last with an <c>x</c>.</summary>
public static class TilePath
{
    /// <summary>Hashes or entries in a full tile.</summary>
    public const int Width = 256;

    private const int MaxLevel = 63;

    /// <summary>Groups of three digits: more than a log of 2^63 entries needs.</summary>
    private const int MaxGroups = 6;

    private const string EntriesLevel = "entries";

    /// <summary>The number's path: 1234067 is <c>x001/x234/067</c>.</summary>
    public static string Number(long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        var path = (number % 1000).ToString("D3", CultureInfo.InvariantCulture);
        for (var rest = number / 1000; rest > 0; rest /= 1000)
        {
            path = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:D3}/{path}");
        }

        return path;
    }

    /// <summary>The path of a tile of hashes, relative to the log's directory.</summary>
    public static string Hashes(int level, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"tile/{level}/{Number(number)}");

    /// <summary>The path of a tile of entries.</summary>
    public static string Entries(long number) => $"tile/entries/{Number(number)}";

    /// <summary>The path of a file of openings.</summary>
    public static string Openings(long number) => $"openings/{Number(number)}";

    /// <summary>The path of a file of idempotency keys.</summary>
    public static string Keys(long number) => $"keys/{Number(number)}";

    /// <summary>The path that a client asks for: <c>tile/L/N</c> or <c>tile/entries/N</c>, and <c>.p/W</c> where partial.</summary>
    public static string Of(TileAddress tile)
    {
        ArgumentNullException.ThrowIfNull(tile);
        var path = tile.Level is { } level ? Hashes(level, tile.Number) : Entries(tile.Number);
        return tile.Width == Width ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.p/{tile.Width}");
    }

    /// <summary>
    /// Reads what stands behind <c>tile/</c> in a request. Only the one spelling of a tile is taken: what is not numbers in their
    /// canonical form, with <c>..</c> or without, is no tile.
    /// </summary>
    /// <param name="path"><c>L/N[.p/W]</c> or <c>entries/N[.p/W]</c>.</param>
    /// <param name="tile">The tile, or null.</param>
    public static bool TryParse(string path, [NotNullWhen(true)] out TileAddress? tile)
    {
        ArgumentNullException.ThrowIfNull(path);
        tile = null;
        var parts = path.Split('/');
        if (parts.Length < 2 || !TryParseLevel(parts[0], out var level))
        {
            return false;
        }

        var width = Width;
        var groups = parts.AsSpan(1);
        if (groups.Length > 1 && groups[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!TryParseDecimal(groups[^1], 1, Width - 1, out width))
            {
                return false;
            }

            groups[^2] = groups[^2][..^2];
            groups = groups[..^1];
        }

        if (!TryParseNumber(groups, out var number))
        {
            return false;
        }

        tile = new TileAddress(level, number, width);
        return true;
    }

    private static bool TryParseLevel(string text, out int? level)
    {
        level = null;
        if (text == EntriesLevel)
        {
            return true;
        }

        var holds = TryParseDecimal(text, 0, MaxLevel, out var number);
        level = number;
        return holds;
    }

    private static bool TryParseDecimal(string text, int low, int high, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number >= low && number <= high && (text.Length == 1 || text[0] != '0');

    private static bool TryParseNumber(ReadOnlySpan<string> groups, out long number)
    {
        number = 0;
        if (groups.Length is 0 or > MaxGroups)
        {
            return false;
        }

        for (var i = 0; i < groups.Length; i++)
        {
            var last = i == groups.Length - 1;
            var digits = !last && groups[i].StartsWith('x') ? groups[i][1..] : last ? groups[i] : "";
            if (digits.Length != 3 || !digits.All(char.IsAsciiDigit))
            {
                return false;
            }

            number = (number * 1000) + int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        }

        // A leading x000 would be a second name of the same tile.
        return groups.Length == 1 || groups[0] != "x000";
    }
}
