using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;

namespace Talreg.Store.Tests;

/// <summary>Takes that lie side by side in the journal are sealed together.</summary>
public sealed class SealAllTests
{
    private const int Takes = 20;
    private const int Chunks = 60;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SealAll_ofInterleavedTakes_readsTheJournalOnceAndEachVerifies()
    {
        using var store = new StoreFixture();
        await using var journal = await store.OpenAsync(256 * 1024);
        var recordings = new RecordingStore(store.Path, store.Keys);
        var requests = await RecordAsync(journal);
        var outcomes = await recordings.SealAllAsync(requests, Token);
        var bytes = 0L;
        foreach (var (request, outcome) in requests.Zip(outcomes))
        {
            Assert.Null(outcome.Failure);
            Assert.True(recordings.TryOpen("default", request.Take.Identity.TakeId, out var reader));
            using (reader)
            {
                Assert.Null(reader.Verify(Token));
                Assert.Equal(reader.Info, outcome.Info);
                Assert.Equal(Enumerable.Range(0, Chunks).Select(i => (long)i), Arrivals(recordings, reader));
                bytes += reader.Info.Bytes;
            }
        }

        // Frames and openings lie between the chunks, and each segment's last window reaches beyond them.
        Assert.InRange(recordings.JournalBytesRead, 1, 2 * bytes);
        Assert.Empty(Directory.GetFiles(store.Path, "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task SealAll_withAChunkFlippedInTheJournal_refusesThatTakeAsDamagedAndSealsTheOthers()
    {
        using var store = new StoreFixture();
        await using var journal = await store.OpenAsync(256 * 1024);
        var recordings = new RecordingStore(store.Path, store.Keys);
        var requests = await RecordAsync(journal);
        var hit = requests[3].Take;
        var place = hit.Places[Chunks / 2];
        var segment = hit.Segments()[place.Segment].File;
        var at = place.Offset + ChunkHeader.Size;
        var flipped = new byte[1];
        segment.Read(flipped, at);
        segment.Write([(byte)(flipped[0] ^ 1)], at);

        var outcomes = await recordings.SealAllAsync(requests, Token);
        Assert.True(outcomes[3].Failure?.IsDamaged);
        Assert.False(recordings.TryOpen("default", hit.Identity.TakeId, out _));
        Assert.Equal(Takes - 1, outcomes.Count(outcome => outcome.Info is not null));
        Assert.Equal(Takes - 1, recordings.List().Count());
        Assert.Empty(Directory.GetFiles(store.Path, "*.tmp", SearchOption.AllDirectories));
    }

    private static IEnumerable<long> Arrivals(RecordingStore recordings, RecordingReader reader)
    {
        var key = new byte[32];
        Assert.True(recordings.TryGetTakeKey(reader.Info.Tenant, reader.Info.TakeId, key));
        foreach (var chunk in reader.OpenChunks(key))
        {
            yield return FirstArrival(chunk);
        }
    }

    private static long FirstArrival(OpenedChunk chunk)
    {
        var frames = new FrameReader(chunk.PlainText.Span);
        Assert.True(frames.MoveNext());
        return frames.Current.ArrivalNs;
    }

    private static async Task<SealRequest[]> RecordAsync(TakeJournal journal)
    {
        using var producer = journal.CreateProducer();
        var takes = Enumerable.Range(1, Takes).Select(StoreFixture.Identity)
            .Select(identity => journal.OpenTake(identity, StoreFixture.Facts(identity))).ToArray();
        for (var i = 0; i < Chunks; i++)
        {
            Assert.All(takes, take => Assert.True(
                producer.TryAppendChunk(take, StoreFixture.Chunk((uint)i / 5), StoreFixture.Text(i, 1_700))));
        }

        producer.Flush();
        return await Task.WhenAll(takes.Select(async take =>
            StoreFixture.Request(take, await journal.CloseTakeAsync(take, 1, Token))));
    }
}
