using Talreg.Store.Journal;
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
