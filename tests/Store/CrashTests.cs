using System.Globalization;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>A process is killed while it captures: what it had called committed is there afterwards.</summary>
public sealed class CrashTests
{
    private const int Rounds = 5;
    private const string SeedVariable = "TALREG_TESTS_SEED";
    private const int KilledExitCode = 128 + 9;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_whileCapturing_losesNoChunkThatWasPublishedAsCommitted()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var given)
            ? given
            : Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        for (var round = 1; round <= Rounds; round++)
        {
            var published = await CaptureAndKillAsync(folder.Path, round, (ulong)random.Next(1, 4000));
            var fault = await CapturingChild.RecoverAsync(folder.Path, round, published);
            Assert.True(fault is null, fault);
        }

        using var store = new StoreFixture(folder.Path);
        Assert.Equal(Rounds * CapturingChild.Takes, new RecordingStore(store.Path, store.Keys).List().Count());
    }

    private static async Task<ulong[]> CaptureAndKillAsync(string folder, int round, ulong chunks)
    {
        var progress = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"progress-{round}"));
        using var child = CapturingChild.Start(folder, progress, round);
        try
        {
            await Wait.UntilAsync(
                () => child.HasExited || CapturingChild.Published(progress)[0] >= chunks,
                $"{chunks} chunks of round {round}",
                TimeSpan.FromSeconds(60),
                Token);
        }
        finally
        {
            child.Kill();
        }

        var output = await child.StandardOutput.ReadToEndAsync(Token);
        await child.WaitForExitAsync(Token);
        Assert.True(child.ExitCode == KilledExitCode, $"the child ended by itself, {child.ExitCode}: {output}");
        return CapturingChild.Published(progress);
    }
}
