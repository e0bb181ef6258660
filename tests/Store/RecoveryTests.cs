using Talreg.Store.Journal;
using Talreg.Store.Recordings;
using Talreg.Store.Tests.Simulation;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

public sealed class RecoveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recover_atEveryTruncation_keepsAllBeforeAndInventsNothing()
    {
        using var store = new StoreFixture();
        var (path, bytes) = await SmallJournalAsync(store);
        ulong last = 0;
        for (var length = SegmentHeader.Size + 1; length <= bytes.Length; length++)
        {
            await File.WriteAllBytesAsync(path, bytes[..length], Token);
            var report = store.Recover();
            var chunks = report.Takes.Count == 0 ? 0 : report.Takes[0].Chunks;
            Assert.Empty(report.Quarantined);
            Assert.InRange(chunks, last, last + 1);
            last = chunks;
        }

        Assert.Equal(4UL, last);
    }

    [Fact]
    public async Task Recover_withAnyByteFlipped_keepsExactlyTheChunksBeforeAndReportsCommittedDamage()
    {
        using var store = new StoreFixture();
        var (path, bytes) = await SmallJournalAsync(store);
        var records = Walk(bytes);
        var lastMark = records[^1].At;
        for (var at = 0; at < bytes.Length; at++)
        {
            var flipped = (byte[])bytes.Clone();
            flipped[at] ^= 0x40;
            await File.WriteAllBytesAsync(path, flipped, Token);
            var report = store.Recover();
            var survivors = Survivors(records, at);
            Assert.True(survivors == report.Chunks, $"byte {at}: {report.Chunks} chunks instead of {survivors}");

            // Only behind the last mark nothing says that the place was ever confirmed.
            var damaged = Directory.GetFiles(store.JournalFolder, "*" + JournalRecovery.DamagedSuffix);
            var expected = at < lastMark ? 1 : 0;
            Assert.True(expected == report.Quarantined.Count, $"byte {at}: {report.Quarantined.Count} quarantined");
            Assert.Equal(expected, damaged.Length);
            Array.ForEach(damaged, File.Delete);
        }
    }

    // Nothing without the record that opens the take; the chunks before a chunk that is hit; else all.
    private static int Survivors(List<(RecordType Type, long At)> records, int flip)
    {
        var hit = records.FindLast(record => record.At <= flip);
        return hit.Type switch
        {
            RecordType.TakeOpened => 0,
            RecordType.Chunk => records.Count(record => record.Type == RecordType.Chunk && record.At < hit.At),
            _ => records.Count(record => record.Type == RecordType.Chunk),
        };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recover_withTheEndOfASegmentLostAndTheNextThere_callsItDamageOnlyWhereConfirmed(bool confirmed)
    {
        const int Chunks = 100;
        using var store = new StoreFixture();
        using var disk = new SimulatedDisk<int>(static () => 0);
        await using (var journal = await TakeJournal.OpenAsync(
            store.Options(64 * 1024), store.Keys, TimeProvider.System, disk, Token))
        {
            if (!confirmed)
            {
                disk.HoldSyncs();
            }

            using var producer = journal.CreateProducer();
            var identity = StoreFixture.Identity();
            var take = journal.OpenTake(identity, StoreFixture.Facts(identity));
            for (var i = 0; i < Chunks; i++)
            {
                Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(i, 900)));
            }

            producer.Flush();
            await Wait.UntilAsync(
                () => take.Places.Count == Chunks && (!confirmed || HasMark(store, 2)),
                "all chunks in two segments",
                cancellationToken: Token);

            // The disk as it is now, but for the end of its first segment.
            foreach (var path in Directory.GetFiles(store.JournalFolder, "*.tj"))
            {
                File.Copy(path, path + ".kept");
            }

            disk.LetSyncs();
        }

        foreach (var path in Directory.GetFiles(store.JournalFolder, "*.tj"))
        {
            File.Move(path + ".kept", path, overwrite: true);
        }

        var first = Path.Combine(store.JournalFolder, SegmentFactory.FileName(1));
        await File.WriteAllBytesAsync(first, (await File.ReadAllBytesAsync(first, Token))[..20_000], Token);
        var segments = new List<JournalSegment>();
        var report = store.Recover(segments);
        var found = Assert.Single(report.Takes);
        Assert.InRange(found.Chunks, 10u, 20u);
        Assert.Equal(confirmed, found.Damage is not null);

        // Torn segments go with their take, damaged ones are kept for good.
        foreach (var segment in found.Take.LetGo())
        {
            segment.RemoveTake();
        }

        Assert.Equal(!confirmed, segments.TrueForAll(static segment => segment.Unneeded));
    }

    [Fact]
    public async Task Open_withASegmentWhoseKeyWasDestroyed_removesItAndReportsNothing()
    {
        using var store = new StoreFixture();
        var (path, bytes) = await SmallJournalAsync(store);
        await using (var journal = await store.OpenAsync(64 * 1024))
        {
            var found = Assert.Single((await journal.RecoveredAsync(Token)).Takes);
            await new RecordingStore(store.Path, store.Keys).SealAsync(
                StoreFixture.Request(found.Take, found.CloseAs(8, DateTimeOffset.UnixEpoch)), Token);
            await journal.ReleaseAsync(found.Take, Token);
            Assert.False(File.Exists(path));
        }

        // The crash came between the key and the file.
        await File.WriteAllBytesAsync(path, bytes, Token);
        store.ReopenKeys();
        await using var again = await store.OpenAsync(64 * 1024);
        Assert.Empty((await again.RecoveredAsync(Token)).Quarantined);
        Assert.False(File.Exists(path));
        Assert.Equal(1, again.Health.Segments);
    }

    [Fact]
    public async Task Open_withARecordingWhoseFirstSegmentIsReleased_reportsNoDamageAndLetsTheRestGo()
    {
        using var store = new StoreFixture();
        var recordings = new RecordingStore(store.Path, store.Keys);
        await using (var journal = await store.OpenAsync(64 * 1024))
        {
            using var producer = journal.CreateProducer();
            var one = StoreFixture.Identity(1);
            var other = StoreFixture.Identity(2);
            var recorded = journal.OpenTake(one, StoreFixture.Facts(one));
            for (var i = 0; i < 100; i++)
            {
                Assert.True(producer.TryAppendChunk(recorded, StoreFixture.Chunk(), StoreFixture.Text(i, 900)));
            }

            producer.Flush();
            await Wait.UntilAsync(
                () => recorded.CommittedChunks == 100, "two segments of chunks", cancellationToken: Token);
            var live = journal.OpenTake(other, StoreFixture.Facts(other));
            Assert.True(producer.TryAppendChunk(live, StoreFixture.Chunk(), StoreFixture.Text(1)));
            producer.Flush();
            var closed = await journal.CloseTakeAsync(recorded, 1, Token);
            await Wait.UntilAsync(() => live.CommittedChunks == 1, "the live take's chunk", cancellationToken: Token);
            await recordings.SealAsync(StoreFixture.Request(recorded, closed), Token);
            await journal.ReleaseAsync(recorded, Token);
            Assert.False(File.Exists(Path.Combine(store.JournalFolder, SegmentFactory.FileName(1))));
        }

        store.ReopenKeys();
        await using var again = await store.OpenAsync(64 * 1024);
        var report = await again.RecoveredAsync(Token);
        var found = Assert.Single(report.Recorded);
        Assert.Null(found.Damage);
        await again.ReleaseAsync(found.Take, Token);
        await again.ReleaseAsync(Assert.Single(report.Takes).Take, Token);
        Assert.Equal(1, again.Health.Segments);
    }

    private static bool HasMark(StoreFixture store, ulong sequence)
    {
        var bytes = File.ReadAllBytes(Path.Combine(store.JournalFolder, SegmentFactory.FileName(sequence)));
        return bytes.AsSpan().IndexOf("TLR1\u0006"u8) >= 0;
    }

    private static List<(RecordType Type, long At)> Walk(byte[] bytes)
    {
        Assert.True(SegmentHeader.TryRead(bytes, out var header, out _));
        var records = new List<(RecordType, long)>();
        for (long at = SegmentHeader.Size; at < bytes.Length;)
        {
            Assert.True(RecordFrame.TryRead(bytes.AsSpan((int)at), header.Id, at, out var type, out var length, out _));
            records.Add((type, at));
            at += RecordFrame.HeaderSize + length;
        }

        return records;
    }

    // One take, four chunks, each committed by itself, and a mark behind the last.
    private static async Task<(string Path, byte[] Bytes)> SmallJournalAsync(StoreFixture store)
    {
        await using var volume = await store.OpenAsync(64 * 1024);
        using var producer = volume.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
        for (var i = 0; i < 4; i++)
        {
            Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(i, 40)));
            producer.Flush();
            var wanted = (ulong)i + 1;
            await Wait.UntilAsync(() => take.CommittedChunks == wanted, "a commit", cancellationToken: Token);
        }

        var path = Assert.Single(Directory.GetFiles(store.JournalFolder, "*.tj"));
        long end = 0;
        await Wait.UntilAsync(() => EndsWithMark(path, out end), "the last mark", cancellationToken: Token);
        return (path, (await File.ReadAllBytesAsync(path, Token))[..(int)end]);
    }

    private static bool EndsWithMark(string path, out long end)
    {
        var bytes = File.ReadAllBytes(path);
        end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        var mark = bytes.AsSpan(0, (int)end).LastIndexOf("TLR1"u8);
        end = mark + 24;
        return mark > 0 && bytes[mark + 4] == (byte)RecordType.CommitMark
            && System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(mark + 16)) == mark;
    }
}
