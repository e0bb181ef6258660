using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>A start records at once, and reads what earlier processes left beside that.</summary>
public sealed class RestartTests
{
    private const int Recordings = 2_000;
    private const int LiveTakes = 40;
    private const int ChunkText = 16_000;
    private const long SegmentBytes = 32 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_withAFullSegmentAndManyRecordings_recordsBeforeTheOldIsReadAndLosesNothingOfIt()
    {
        using var store = new StoreFixture();
        await SealManyAsync(store);
        var chunks = await FillSegmentAsync(store);
        store.ReopenKeys();
        using var keys = new GatedKeys(store.Keys);
        await using var journal = await TakeJournal.OpenAsync(
            store.Options(SegmentBytes), keys, TimeProvider.System, Token);
        var recovering = journal.RecoveredAsync(Token);
        var fresh = StoreFixture.Identity(90_000);
        var take = journal.OpenTake(fresh, StoreFixture.Facts(fresh));
        using var producer = journal.CreateProducer();
        Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(0)));
        producer.Flush();
        await Wait.UntilAsync(() => take.CommittedChunks == 1, "a new take's chunk", cancellationToken: Token);
        Assert.False(recovering.IsCompleted);
        Assert.True(journal.Health.UnrecoveredBytes >= SegmentBytes);

        keys.Open();
        var report = await recovering;
        Assert.Equal(0, journal.Health.UnrecoveredBytes);
        Assert.Empty(report.Quarantined);
        Assert.Equal(LiveTakes, report.Takes.Count);
        Assert.Equal(chunks, report.Chunks);
        Assert.Equal(Recordings, report.Recorded.Count);
        var recordings = new RecordingStore(store.Path, store.Keys);
        var outcomes = await recordings.SealAllAsync(
            [.. report.Takes.Select(found =>
                StoreFixture.Request(found.Take, found.CloseAs(8, DateTimeOffset.UnixEpoch)))],
            Token);
        Assert.All(outcomes, outcome => Assert.Null(outcome.Failure));
        foreach (var found in report.Takes.Concat(report.Recorded))
        {
            await journal.ReleaseAsync(found.Take, Token);
        }

        Assert.Equal(Recordings + LiveTakes, recordings.List().Count());
        Assert.Equal(1, journal.Health.Segments);
    }

    [Fact]
    public async Task Dispose_whileTheOldIsRead_leavesItToTheNextStart()
    {
        using var store = new StoreFixture();
        var chunks = await FillSegmentAsync(store);
        store.ReopenKeys();
        using var keys = new GatedKeys(store.Keys);
        var journal = await TakeJournal.OpenAsync(store.Options(SegmentBytes), keys, TimeProvider.System, Token);
        var recovering = journal.RecoveredAsync(Token);
        var closing = journal.DisposeAsync();
        keys.Open();
        await closing;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => recovering);

        store.ReopenKeys();
        await using var again = await store.OpenAsync(SegmentBytes);
        Assert.Equal(chunks, (await again.RecoveredAsync(Token)).Chunks);
    }

    private static async Task SealManyAsync(StoreFixture store)
    {
        var recordings = new RecordingStore(store.Path, store.Keys);
        await using var journal = await store.OpenAsync(SegmentBytes);
        using var producer = journal.CreateProducer();
        var takes = Enumerable.Range(1, Recordings).Select(StoreFixture.Identity)
            .Select(identity => journal.OpenTake(identity, StoreFixture.Facts(identity))).ToList();
        Assert.All(takes, take =>
            Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(1))));
        producer.Flush();
        var closed = await Task.WhenAll(takes.Select(async take =>
            StoreFixture.Request(take, await journal.CloseTakeAsync(take, 1, Token))));
        Assert.All(await recordings.SealAllAsync(closed, Token), outcome => Assert.Null(outcome.Failure));
    }

    // The process ends with every take open.
    private static async Task<long> FillSegmentAsync(StoreFixture store)
    {
        await using var journal = await store.OpenAsync(SegmentBytes);
        using var producer = journal.CreateProducer();
        var takes = Enumerable.Range(10_000, LiveTakes).Select(StoreFixture.Identity)
            .Select(identity => journal.OpenTake(identity, StoreFixture.Facts(identity))).ToList();
        var perTake = (int)(SegmentBytes / LiveTakes / ChunkHeader.MaxChunk);
        for (var i = 0; i < perTake; i++)
        {
            foreach (var take in takes)
            {
                var text = StoreFixture.Text(i, ChunkText);
                await Wait.UntilAsync(
                    () => producer.TryAppendChunk(take, StoreFixture.Chunk((uint)i), text),
                    "room in the journal",
                    cancellationToken: Token);
            }

            producer.Flush();
        }

        await Wait.UntilAsync(
            () => takes.TrueForAll(take => take.CommittedChunks == (ulong)perTake),
            "every chunk committed",
            TimeSpan.FromSeconds(60),
            Token);
        return (long)perTake * LiveTakes;
    }

    /// <summary>Whoever asks whether a take was erased waits: recovery asks for each take it finds.</summary>
    private sealed class GatedKeys(IKeyStore keys) : IKeyStore, IDisposable
    {
        private readonly ManualResetEventSlim _gate = new();

        internal void Open() => _gate.Set();

        public void Dispose() => _gate.Dispose();

        public ValueTask PutAsync(
            KeyKind kind,
            Guid id,
            string tenant,
            ReadOnlyMemory<byte> key,
            CancellationToken cancellationToken = default) =>
            keys.PutAsync(kind, id, tenant, key, cancellationToken);

        public bool TryGet(KeyKind kind, Guid id, string tenant, Span<byte> key) => keys.TryGet(kind, id, tenant, key);

        public KeyState Find(KeyKind kind, Guid id)
        {
            if (kind == KeyKind.Take)
            {
                _gate.Wait(Token);
            }

            return keys.Find(kind, id);
        }

        public IReadOnlyList<Guid> List(KeyKind kind) => keys.List(kind);

        public void Forget(KeyKind kind, Guid id) => keys.Forget(kind, id);

        public ValueTask DestroyAsync(KeyKind kind, Guid id, CancellationToken cancellationToken = default) =>
            keys.DestroyAsync(kind, id, cancellationToken);
    }
}
