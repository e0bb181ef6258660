using System.Globalization;

namespace Talreg.Evidence.Ledger;

/// <summary>Paths of tiles as C2SP tlog-tiles writes them: groups of three digits, all but the last with an <c>x</c>.</summary>
public static class TilePath
{
    /// <summary>Hashes or entries in a full tile.</summary>
    public const int Width = 256;

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
}
