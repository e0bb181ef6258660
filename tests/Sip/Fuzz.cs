using System.Globalization;

namespace Talreg.Sip.Tests;

/// <summary>
/// How long fuzz tests run and from which seed. A longer run: <c>FUZZ_MUTATIONS=5000000 FUZZ_SEED=7
/// dotnet run --project tests/Sip -- -class "*Fuzz*"</c>.
/// </summary>
internal static class Fuzz
{
    public static int Mutations(int fallback) => Read("FUZZ_MUTATIONS", fallback);

    /// <summary>The seed, printed.</summary>
    public static int Seed(int fallback)
    {
        var seed = Read("FUZZ_SEED", fallback);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        return seed;
    }

    private static int Read(string name, int fallback) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : fallback;
}
