using System.Globalization;

namespace Talreg.Verify.Tests;

/// <summary>Random damage to bytes: changed, cut, doubled, blanked, cut off.</summary>
internal static class Damages
{
    /// <summary>A copy with one to three damages.</summary>
    public static byte[] Of(Random random, byte[] clean)
    {
        var bytes = clean.ToList();
        for (var i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            var length = random.Next(1, Math.Min(40, bytes.Count - at + 1));
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 3:
                    for (var j = at; j < at + length; j++)
                    {
                        bytes[j] = (byte)(random.Next(2) * 255);
                    }

                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}

/// <summary>Seeds of randomised tests: printed, and given again through TALREG_SEED.</summary>
internal static class Seeds
{
    public static int Take(ITestOutputHelper output)
    {
        var given = Environment.GetEnvironmentVariable("TALREG_SEED");
        var seed = int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : Environment.TickCount;
        output.WriteLine($"seed {seed} (TALREG_SEED)");
        return seed;
    }
}
