using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>A process is killed while it captures: what it had called committed is there afterwards.</summary>
public sealed class CrashTests
{
    private const int Rounds = 5;
    private const int Takes = 2;
    private const int MaxChunks = 1_000_000;
    private const long SegmentBytes = 256 * 1024;
    private const string FolderVariable = "TALREG_TESTS_CRASH_FOLDER";
    private const string RoundVariable = "TALREG_TESTS_CRASH_ROUND";
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
            await RecoverAsync(folder.Path, round, published);
        }

        using var store = new StoreFixture(folder.Path);
        Assert.Equal(Rounds * Takes, new RecordingStore(store.Path, store.Keys).List().Count());
    }

    /// <summary>Not a test: what the killed process runs. It captures until it is killed, and tells through a file what
    /// it saw committed.</summary>
    [Fact(Explicit = true)]
    public async Task Child_capturesUntilItIsKilled()
    {
        var path = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(path is null, "only as a child of the test beside it");
        var round = int.Parse(Environment.GetEnvironmentVariable(RoundVariable)!, CultureInfo.InvariantCulture);
        using var store = new StoreFixture(path);
        using var file = File.OpenHandle(
            ProgressFile(path, round), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        await using var volume = await store.OpenAsync(SegmentBytes);
        using var producer = volume.CreateProducer();
        var takes = Identities(round).Select(i => volume.OpenTake(i, StoreFixture.Facts(i))).ToArray();
        var progress = new byte[Takes * 8];
        for (var i = 0; i < MaxChunks;)
        {
            var take = takes[i % Takes];
            i += producer.TryAppendChunk(take, StoreFixture.Chunk((uint)i / 100), StoreFixture.Text(i)) ? 1 : 0;
            producer.Flush();
            for (var number = 0; number < Takes; number++)
            {
                BinaryPrimitives.WriteUInt64BigEndian(progress.AsSpan(number * 8), takes[number].CommittedChunks);
            }

            RandomAccess.Write(file, progress, 0);
        }

        Assert.Fail("nobody killed this process");
    }

    private static async Task<ulong[]> CaptureAndKillAsync(string folder, int round, ulong chunks)
    {
        var program = Path.ChangeExtension(typeof(CrashTests).Assembly.Location, null);
        string[] arguments = ["-class", typeof(CrashTests).FullName!, "-explicit", "only", "-noColor"];
        using var child = new Process();
        child.StartInfo = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, UseShellExecute = false,
        };
        child.StartInfo.Environment[FolderVariable] = folder;
        child.StartInfo.Environment[RoundVariable] = round.ToString(CultureInfo.InvariantCulture);
        child.Start();
        try
        {
            await Wait.UntilAsync(
                () => child.HasExited || Published(folder, round)[0] >= chunks,
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
        return Published(folder, round);
    }

    private static async Task RecoverAsync(string folder, int round, ulong[] published)
    {
        using var store = new StoreFixture(folder);
        await using var volume = await store.OpenAsync(SegmentBytes);
        Assert.Empty((await volume.RecoveredAsync(Token)).Quarantined);
        Assert.Equal(Takes, (await volume.RecoveredAsync(Token)).Takes.Count);
        var recordings = new RecordingStore(store.Path, store.Keys);
        foreach (var (identity, number) in Identities(round).Select(static (identity, i) => (identity, i)))
        {
            var found = Assert.Single((await volume.RecoveredAsync(Token)).Takes, t => t.Take.Identity == identity);
            Assert.Null(found.Damage);
            Assert.True(
                found.Chunks >= published[number],
                $"round {round}: {published[number]} chunks were committed, {found.Chunks} were found");
            var closed = found.CloseAs(8, DateTimeOffset.UnixEpoch);
            await recordings.SealAsync(StoreFixture.Request(found.Take, closed), Token);
            await volume.ReleaseAsync(found.Take, Token);
            Check(recordings, identity, number, found.Chunks);
        }

        Assert.Equal(1, volume.Health.Segments);
    }

    // The recording verifies, and its packets are those the child made, in order, from the first.
    private static void Check(RecordingStore recordings, TakeIdentity identity, int number, ulong chunks)
    {
        Assert.True(recordings.TryOpen(identity.Tenant, identity.TakeId, out var reader));
        using (reader)
        {
            Assert.Null(reader.Verify(Token));
            Assert.Equal(chunks, reader.Info.Chunks);
            var key = new byte[32];
            Assert.True(recordings.TryGetTakeKey(identity.Tenant, identity.TakeId, key));
            long expected = number;
            foreach (var chunk in reader.OpenChunks(key))
            {
                var frames = new FrameReader(chunk.PlainText.Span);
                Assert.True(frames.MoveNext());
                Assert.Equal(expected, frames.Current.ArrivalNs);
                expected += Takes;
            }
        }
    }

    private static TakeIdentity[] Identities(int round) =>
        [.. Enumerable.Range(0, Takes).Select(i => Identity((round * Takes) + i))];

    // The same ids in both processes: a version 7 UUID draws half of itself.
    private static TakeIdentity Identity(int number) => StoreFixture.Identity(number) with
    {
        TakeId = new Guid($"019b76da-a800-7000-8000-{number:x12}"),
    };

    private static string ProgressFile(string folder, int round) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"progress-{round}"));

    // Written with one call each time, so that a kill leaves the line before or the line after.
    private static ulong[] Published(string folder, int round)
    {
        var path = ProgressFile(folder, round);
        var published = new ulong[Takes];
        if (File.Exists(path))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[Takes * 8];
            RandomAccess.Read(file, bytes, 0);
            for (var number = 0; number < Takes; number++)
            {
                published[number] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(number * 8));
            }
        }

        return published;
    }
}
