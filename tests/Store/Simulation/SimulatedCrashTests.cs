using System.Diagnostics;
using System.Globalization;
using Talreg.Evidence.Keys;

namespace Talreg.Store.Tests.Simulation;

/// <summary>
/// A recorder's run is crashed after every operation on its disks; of what no sync had confirmed anything may be there. What
/// was acknowledged must be, and must verify; nothing is called damaged that was only torn.
/// </summary>
public sealed class SimulatedCrashTests
{
    private const string SeedVariable = "TALREG_TESTS_SEED";
    private const string RunsVariable = "TALREG_TESTS_CRASH_RUNS";
    private const int SealEvery = 32;

    private static readonly Fate[] AllFates = Enum.GetValues<Fate>();
    private static readonly Fate[] PowerLoss = [Fate.Lost, Fate.Shuffled];
    private static readonly byte[] RootBytes = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    [Fact]
    public async Task Crash_afterEveryOperation_losesNothingAcknowledged()
    {
        for (var run = 0; run < Runs; run++)
        {
            await AssertSoundAsync(
                Seed + run, AllFates, (_, all) => new SimulatedDisk<Acknowledged[]>(() => all.Now));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Crash_afterAVolumeDied_losesNothingAcknowledged(bool once)
    {
        for (var run = 0; run < Runs; run++)
        {
            var deadFrom = 1 + new Random(Seed + run).Next(120);
            await AssertSoundAsync(
                Seed + run,
                PowerLoss,
                (folder, all) => new SimulatedDisk<Acknowledged[]>(() => all.Now)
                {
                    DeadFolder = SimulatedRun.Volume(folder, 0), DeadFrom = deadFrom, DeadOnce = once,
                });
        }
    }

    [Fact]
    public async Task Crash_onAFullDisk_losesNothingAcknowledged()
    {
        for (var run = 0; run < Runs; run++)
        {
            await AssertSoundAsync(
                Seed + run,
                PowerLoss,
                (_, all) => new SimulatedDisk<Acknowledged[]>(() => all.Now) { FullAt = new HashSet<int> { 2, 3 } });
        }
    }

    /// <summary>The tests above can fail: they find a disk that does not do what it says.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disk_thatDoesNotSync_isFound(bool content)
    {
        var fault = await FindFaultAsync(Seed, AllFates, (_, all) => new SimulatedDisk<Acknowledged[]>(() => all.Now)
        {
            SyncsNothing = content, SyncsNoNames = !content,
        });
        Assert.NotNull(fault);
        TestContext.Current.TestOutputHelper?.WriteLine($"found: {fault}");
    }

    private static int Seed { get; } = Setting(SeedVariable, Environment.TickCount);

    private static int Runs => Setting(RunsVariable, 1);

    private static int Setting(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var given)
            ? given
            : otherwise;

    private static async Task AssertSoundAsync(
        int seed, Fate[] fates, Func<string, Acknowledgements, SimulatedDisk<Acknowledged[]>> makeDisk)
    {
        var fault = await FindFaultAsync(seed, fates, makeDisk);
        Assert.True(fault is null, fault);
    }

    private static async Task<string?> FindFaultAsync(
        int seed, Fate[] fates, Func<string, Acknowledgements, SimulatedDisk<Acknowledged[]>> makeDisk)
    {
        using var folder = new MemoryFolder();
        using var root = new RootKey(RootBytes);
        var source = Path.Combine(folder.Path, "run");
        Directory.CreateDirectory(source);
        using var disk = await SimulatedRun.RecordAsync(source, root, seed, all => makeDisk(source, all));
        var (operations, acknowledged) = (disk.Operations, disk.Acknowledged);
        var oracle = new CrashOracle(root);
        var random = new Random(seed);
        var started = Stopwatch.GetTimestamp();
        var images = 0;
        for (var prefix = 0; prefix <= operations.Count; prefix++)
        {
            foreach (var fate in fates)
            {
                var target = Path.Combine(folder.Path, "image");
                Directory.CreateDirectory(target);
                if (new DiskImage(operations, prefix).TryMake(source, target, fate, random))
                {
                    images++;
                    var known = acknowledged[prefix];
                    var fault = oracle.Check(target, known)
                        ?? (images % SealEvery == 0 ? await oracle.SealAsync(target, known) : null);
                    if (fault is not null)
                    {
                        var last = operations[Math.Max(0, prefix - 1)];
                        return $"seed {seed}, after operation {prefix} of {operations.Count} ({last}), {fate}: {fault}";
                    }
                }

                Directory.Delete(target, recursive: true);
            }
        }

        Assert.True(images > operations.Count / 2, $"seed {seed}: only {images} disks");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"seed {seed}: {operations.Count} operations, {images} disks recovered in "
            + $"{Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        return null;
    }
}
