using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Talreg.Evidence.Chunks;
using Talreg.Store.IO;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;
using Talreg.Store.Tests.Faults;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>A process that captures until it is killed or no volume is left, and tells through a file what it saw
/// committed. Afterwards all that must be there, and a recording that verifies.</summary>
public sealed class CapturingChild
{
    internal const int Takes = 2;

    private const int MaxChunks = 10_000_000;
    private const long SegmentBytes = 256 * 1024;
    private const string FolderVariable = "TALREG_TESTS_CRASH_FOLDER";
    private const string ProgressVariable = "TALREG_TESTS_CRASH_PROGRESS";
    private const string RoundVariable = "TALREG_TESTS_CRASH_ROUND";
    private const string SyncsVariable = "TALREG_TESTS_CRASH_SYNCS";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts it.</summary>
    /// <param name="folder">The store's folder.</param>
    /// <param name="progress">The file it tells through; must not exist.</param>
    /// <param name="round">Says which takes.</param>
    /// <param name="syncs">False: the journal's syncs do nothing.</param>
    internal static Process Start(string folder, string progress, int round, bool syncs = true) =>
        Process.Start(ChildTest.Command(
            typeof(CapturingChild),
            nameof(Child_capturesUntilItIsKilledOrNoVolumeIsLeft),
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [FolderVariable] = folder,
                [ProgressVariable] = progress,
                [RoundVariable] = round.ToString(CultureInfo.InvariantCulture),
                [SyncsVariable] = syncs.ToString(),
            }))!;

    /// <summary>Not a test: what the process runs.</summary>
    [Fact(Explicit = true)]
    public async Task Child_capturesUntilItIsKilledOrNoVolumeIsLeft()
    {
        var path = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(path is null, "only as a child of other tests");
        var round = int.Parse(Environment.GetEnvironmentVariable(RoundVariable)!, CultureInfo.InvariantCulture);
        var syncs = bool.Parse(Environment.GetEnvironmentVariable(SyncsVariable)!);
        using var file = File.OpenHandle(
            Environment.GetEnvironmentVariable(ProgressVariable)!,
            FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        using var store = new StoreFixture(path);
        IDisk disk = syncs ? NativeDisk.Instance : new UnsyncedDisk();
        await using var journal = await TakeJournal.OpenAsync(
            store.Options(SegmentBytes), store.Keys, TimeProvider.System, disk, Token);
        using var producer = journal.CreateProducer();
        var takes = Identities(round).Select(i => journal.OpenTake(i, StoreFixture.Facts(i))).ToArray();
        var progress = new byte[Takes * 8];
        for (var i = 0; i < MaxChunks && !journal.IsFenced;)
        {
            var take = takes[i % Takes];
            i += producer.TryAppendChunk(take, StoreFixture.Chunk((uint)i / 100), StoreFixture.Text(i)) ? 1 : 0;
            producer.Flush();
            for (var number = 0; number < Takes; number++)
            {
                BinaryPrimitives.WriteUInt64BigEndian(progress.AsSpan(number * 8), takes[number].CommittedChunks);
            }

            // One call each time, so that a kill leaves the line before or the line after.
            RandomAccess.Write(file, progress, 0);
        }

        Assert.True(journal.IsFenced, "nobody ended this process");
    }

    /// <summary>What it saw committed of each take.</summary>
    internal static ulong[] Published(string progress)
    {
        var published = new ulong[Takes];
        if (File.Exists(progress))
        {
            using var file = File.OpenHandle(progress, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[Takes * 8];
            RandomAccess.Read(file, bytes, 0);
            for (var number = 0; number < Takes; number++)
            {
                published[number] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(number * 8));
            }
        }

        return published;
    }

    /// <summary>Recovers and seals its takes.</summary>
    /// <returns>What is wrong; null when all that was published is there.</returns>
    internal static async Task<string?> RecoverAsync(string folder, int round, ulong[] published)
    {
        using var store = new StoreFixture(folder);
        await using var journal = await store.OpenAsync(SegmentBytes);
        var report = await journal.RecoveredAsync(Token);
        if (report.Quarantined.Count > 0)
        {
            return $"quarantined: {report.Quarantined[0]}";
        }

        var recordings = new RecordingStore(store.Path, store.Keys);
        foreach (var (identity, number) in Identities(round).Select(static (identity, i) => (identity, i)))
        {
            var found = report.Takes.SingleOrDefault(take => take.Take.Identity == identity);
            if (found is null || found.Damage is not null || found.Chunks < published[number])
            {
                return $"round {round}: {published[number]} chunks were committed, {found?.Chunks ?? 0} were found; "
                    + (found?.Damage ?? "no damage");
            }

            var closed = found.CloseAs(8, DateTimeOffset.UnixEpoch);
            await recordings.SealAsync(StoreFixture.Request(found.Take, closed), Token);
            await journal.ReleaseAsync(found.Take, Token);
            Check(recordings, identity, number, found.Chunks);
        }

        return journal.Health.Segments == 1 ? null : $"{journal.Health.Segments} segments are kept";
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
}
