using System.Buffers.Binary;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>
/// Bits flip in a segment before its acknowledged end: that is found and told, the segment is kept, and takes whose records
/// are whole come out whole.
/// </summary>
public sealed class JournalRotTests
{
    private const int Rounds = 6;
    private const int PartsPerRecord = 6;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>One record of the segment.</summary>
    /// <param name="Type">Its type.</param>
    /// <param name="Take">Whose it is; none for a mark.</param>
    /// <param name="At">Where it stands.</param>
    /// <param name="Length">Its length, frame and body.</param>
    /// <param name="Chunk">Which chunk of its take it is, from 1; 0 for others.</param>
    private sealed record Place(RecordType Type, Guid Take, int At, int Length, ulong Chunk);

    [Fact]
    public async Task Recover_withAFlipInAnyPartOfAnyCommittedRecord_tellsItAndKeepsTheOtherTakesWhole()
    {
        using var store = new StoreFixture();
        var (path, bytes) = await TwoTakesAsync(store);
        var places = Walk(bytes);
        var lastMark = places.FindLast(place => place.Type == RecordType.CommitMark)!.At;
        var takes = places.Select(place => place.Take).Where(take => take != Guid.Empty).Distinct().ToArray();
        Assert.Equal(2, takes.Length);
        foreach (var place in places.Where(place => place.At < lastMark))
        {
            for (var part = 0; part < PartsPerRecord; part++)
            {
                var at = place.At + (place.Length * part / PartsPerRecord);
                var report = await RecoverAsync(store, path, bytes, at);
                var what = $"byte {at}, part {part} of {place}";
                var segment = Assert.Single(report.Quarantined);
                Assert.EndsWith(JournalRecovery.DamagedSuffix, segment.Path, StringComparison.Ordinal);
                Assert.True(segment.Offset == place.At, $"{what}: told at {segment.Offset}");
                foreach (var other in takes.Where(take => take != place.Take))
                {
                    var whole = report.Takes.Single(take => take.Take.Identity.TakeId == other);
                    Assert.True(whole is { Chunks: Rounds, Damage: null }, $"{what}: {whole.Chunks}, {whole.Damage}");
                }

                CheckHit(report, place, what);
            }
        }
    }

    [Fact]
    public async Task Recover_withAnyByteOfTheHeaderFlipped_knowsTheSegmentByItsFirstRecord()
    {
        using var store = new StoreFixture();
        var (path, bytes) = await TwoTakesAsync(store);
        for (var at = 0; at < SegmentHeader.Size; at++)
        {
            var report = await RecoverAsync(store, path, bytes, at);
            Assert.Equal(0, Assert.Single(report.Quarantined).Offset);
            Assert.True(report.Takes.All(take => take is { Chunks: Rounds, Damage: null }), $"byte {at}");
            Assert.Equal(2, report.Takes.Count);
        }
    }

    [Fact]
    public async Task Recover_withATornTailThatNobodyConfirmed_cutsItWithoutAlarm()
    {
        using var store = new StoreFixture();
        var (path, bytes) = await TwoTakesAsync(store);
        var places = Walk(bytes);
        var tail = places.FindLast(place => place.Type == RecordType.CommitMark)!;
        var torn = (byte[])bytes.Clone();
        torn[tail.At + RecordFrame.HeaderSize] ^= 1;
        await File.WriteAllBytesAsync(path, torn, Token);
        var report = store.Recover();
        Assert.Empty(report.Quarantined);
        Assert.Empty(report.Unopened);
        Assert.True(report.TornBytes > 0);
        Assert.Equal(tail.At, new FileInfo(path).Length);
        Assert.All(report.Takes, take => Assert.Null(take.Damage));
    }

    [Fact]
    public async Task Recover_withASegmentThatWasBeingRemoved_removesItWithoutAlarm()
    {
        using var store = new StoreFixture();
        var (path, bytes) = await TwoTakesAsync(store);
        Assert.True(SegmentHeader.TryRead(bytes, out var header, out _));
        await store.Keys.DestroyAsync(KeyKind.Segment, header.Id, Token);
        store.ReopenKeys();
        var report = store.Recover();
        Assert.Empty(report.Quarantined);
        Assert.False(File.Exists(path));
        Assert.Equal(KeyState.Unknown, store.Keys.Find(KeyKind.Segment, header.Id));
    }

    // The take whose record was hit keeps what stands before, and says so, or could lose nothing.
    private static void CheckHit(RecoveryReport report, Place place, string what)
    {
        var take = report.Takes.SingleOrDefault(take => take.Take.Identity.TakeId == place.Take);
        switch (place.Type)
        {
            case RecordType.TakeOpened:
                Assert.Null(take);
                Assert.True(Assert.Single(report.Unopened) == new UnopenedTake(place.Take, "default", Rounds), what);
                break;
            case RecordType.Chunk:
                Assert.True(take!.Chunks == place.Chunk - 1, $"{what}: {take.Chunks} chunks");
                Assert.True(take.Damage is not null, $"{what}: nobody says that a chunk is missing");
                break;
            case RecordType.TakeClosed:
                Assert.True(take is { Chunks: Rounds, Closed: null, Damage: not null }, $"{what}: {take?.Damage}");
                break;
            case RecordType.TakeEvent:
                Assert.True(take is { Chunks: Rounds, Events.Count: 0, Damage: null }, what);
                break;
            default:
                Assert.All(report.Takes, one => Assert.True(one is { Chunks: Rounds, Damage: null }, what));
                break;
        }
    }

    private static async Task<RecoveryReport> RecoverAsync(StoreFixture store, string path, byte[] bytes, int flip)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[flip] ^= 0x10;
        await File.WriteAllBytesAsync(path, flipped, Token);
        var report = store.Recover();
        Array.ForEach(Directory.GetFiles(store.JournalFolder, "*" + JournalRecovery.DamagedSuffix), File.Delete);
        return report;
    }

    private static List<Place> Walk(byte[] bytes)
    {
        Assert.True(SegmentHeader.TryRead(bytes, out var header, out _));
        var places = new List<Place>();
        for (var at = SegmentHeader.Size; at < bytes.Length;)
        {
            Assert.True(RecordFrame.TryRead(bytes.AsSpan(at), header.Id, at, out var type, out var length, out _));
            var body = bytes.AsSpan(at + RecordFrame.HeaderSize, length);
            var take = type switch
            {
                RecordType.CommitMark => Guid.Empty,
                RecordType.Chunk => new Guid(body.Slice(16, 16), bigEndian: true),
                _ => new Guid(body[..16], bigEndian: true),
            };
            var chunk = type == RecordType.Chunk
                ? (ulong)places.Count(place => place.Take == take && place.Type == type) + 1
                : 0;
            places.Add(new Place(type, take, at, RecordFrame.HeaderSize + length, chunk));
            at += RecordFrame.HeaderSize + length;
        }

        return places;
    }

    // Two takes side by side, both closed, and a mark behind everything.
    private static async Task<(string Path, byte[] Bytes)> TwoTakesAsync(StoreFixture store)
    {
        await using var journal = await store.OpenAsync(64 * 1024);
        using var producer = journal.CreateProducer();
        var takes = new[] { 1, 2 }.Select(StoreFixture.Identity)
            .Select(identity => journal.OpenTake(identity, StoreFixture.Facts(identity))).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            Assert.All(takes, take =>
                Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(round, 40))));
            producer.Flush();
            var wanted = (ulong)round + 1;
            await Wait.UntilAsync(
                () => Array.TrueForAll(takes, take => take.CommittedChunks == wanted),
                "a commit",
                cancellationToken: Token);
        }

        await journal.AppendEventAsync(takes[0], "{}"u8.ToArray(), Token);
        foreach (var take in takes)
        {
            await journal.CloseTakeAsync(take, 1, Token);
        }

        var path = Assert.Single(Directory.GetFiles(store.JournalFolder, "*.tj"));
        byte[] bytes = [];
        await Wait.UntilAsync(
            () =>
            {
                var all = File.ReadAllBytes(path);
                var last = all.AsSpan().LastIndexOf(RecordFrame.Magic);
                bytes = all[..(last + RecordFrame.HeaderSize + 8)];
                return all[last + 4] == (byte)RecordType.CommitMark
                    && BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(last + RecordFrame.HeaderSize)) == last;
            },
            "a mark behind the last close",
            cancellationToken: Token);
        return (path, bytes);
    }
}
