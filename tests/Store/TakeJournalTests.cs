using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;
using Talreg.Store.Tests.Faults;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

public sealed class TakeJournalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Seal_ofAClosedTake_givesARecordingThatVerifiesAndOpens()
    {
        using var store = new StoreFixture();
        var recordings = new RecordingStore(store.Path, store.Keys);
        await using var volume = await store.OpenAsync();
        using var producer = volume.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
        for (var i = 0; i < 50; i++)
        {
            var facts = StoreFixture.Chunk((uint)i / 5, (ushort)(i % 2));
            Assert.True(producer.TryAppendChunk(take, facts, StoreFixture.Text(i)));
        }

        producer.Flush();
        await volume.AppendEventAsync(take, "{\"paused\":true}"u8.ToArray(), Token);
        var closed = await volume.CloseTakeAsync(take, 1, Token);
        Assert.Equal(50UL, closed.Chunks);
        Assert.Equal(50UL, take.CommittedChunks);

        var info = await recordings.SealAsync(StoreFixture.Request(take, closed), Token);
        await volume.ReleaseAsync(take, Token);
        Assert.Equal(50UL, info.Chunks);
        Assert.True(recordings.TryOpen("default", identity.TakeId, out var reader));
        using (reader)
        {
            Assert.Null(reader.Verify(Token));
            var key = new byte[32];
            Assert.True(recordings.TryGetTakeKey("default", identity.TakeId, key));
            var numbers = new List<long>();
            foreach (var chunk in reader.OpenChunks(key))
            {
                var frames = new FrameReader(chunk.PlainText.Span);
                while (frames.MoveNext())
                {
                    numbers.Add(frames.Current.ArrivalNs);
                }

                Assert.Null(frames.Error);
            }

            Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), numbers);
            Assert.True(reader.TryReadMetadata(key, out var metadata, out _));
            Assert.Equal("sip:a@example.org", metadata["participants"]![0]!.GetValue<string>());
        }

        Assert.Equal(identity.TakeId, Assert.Single(recordings.List()).TakeId);
    }

    [Fact]
    public async Task AppendEvent_afterTheTakeWasClosed_isAnsweredAndTheJournalGoesOn()
    {
        using var store = new StoreFixture();
        await using (var volume = await store.OpenAsync())
        {
            using var producer = volume.CreateProducer();
            var identity = StoreFixture.Identity(1);
            var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
            Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(0), StoreFixture.Text(0)));
            producer.Flush();
            await volume.CloseTakeAsync(take, 1, Token);
            await volume.AppendEventAsync(take, "{\"late\":true}"u8.ToArray(), Token);

            var other = StoreFixture.Identity(2);
            var next = volume.OpenTake(other, StoreFixture.Facts(other));
            Assert.True(producer.TryAppendChunk(next, StoreFixture.Chunk(0), StoreFixture.Text(1)));
            producer.Flush();
            Assert.Equal(1UL, (await volume.CloseTakeAsync(next, 1, Token)).Chunks);
        }

        await using var again = await store.OpenAsync();
        Assert.All((await again.RecoveredAsync(Token)).Takes, found => Assert.Null(found.Damage));
        Assert.Equal([1UL, 1UL], (await again.RecoveredAsync(Token)).Takes.Select(found => found.Chunks));
        Assert.All((await again.RecoveredAsync(Token)).Takes, found => Assert.Empty(found.Events));
    }

    [Fact]
    public async Task RollOver_withLiveTakes_carriesThemAndReleasesSegmentsOnceSealed()
    {
        using var store = new StoreFixture();
        var recordings = new RecordingStore(store.Path, store.Keys);
        await using var volume = await store.OpenAsync(64 * 1024);
        using var producer = volume.CreateProducer();
        var takes = Enumerable.Range(1, 3).Select(StoreFixture.Identity)
            .Select(i => volume.OpenTake(i, StoreFixture.Facts(i))).ToArray();
        for (var i = 0; i < 300; i++)
        {
            Assert.True(producer.TryAppendChunk(takes[i % 3], StoreFixture.Chunk((uint)i), StoreFixture.Text(i, 900)));
        }

        producer.Flush();
        foreach (var take in takes)
        {
            var closed = await volume.CloseTakeAsync(take, 1, Token);
            Assert.True(take.Segments().Length > 2);
            await recordings.SealAsync(StoreFixture.Request(take, closed), Token);
            await volume.ReleaseAsync(take, Token);
        }

        await Wait.UntilAsync(
            () => volume.Health.Segments == 1, "one segment left", cancellationToken: Token);
        Assert.All(recordings.List(), info => Assert.Equal(100UL, info.Chunks));
    }

    [Fact]
    public async Task Reopen_withTakesSpanningSegments_findsEveryChunkAndSealsThem()
    {
        using var store = new StoreFixture();
        var identity = StoreFixture.Identity();
        await using (var volume = await store.OpenAsync(64 * 1024))
        {
            using var producer = volume.CreateProducer();
            var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
            for (var i = 0; i < 200; i++)
            {
                Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk((uint)i), StoreFixture.Text(i, 900)));
            }

            producer.Flush();
            await volume.AppendEventAsync(take, "{}"u8.ToArray(), Token);
            await Wait.UntilAsync(
                () => take.CommittedChunks == 200, "200 committed chunks", cancellationToken: Token);
        }

        store.ReopenKeys();
        await using var again = await store.OpenAsync(64 * 1024);
        var found = Assert.Single((await again.RecoveredAsync(Token)).Takes);
        Assert.Null(found.Damage);
        Assert.Null(found.Closed);
        Assert.Equal(200UL, found.Chunks);
        Assert.Equal("site-a", found.Take.Identity.Site);
        Assert.Single(found.Events);
        Assert.Empty((await again.RecoveredAsync(Token)).Quarantined);

        var recordings = new RecordingStore(store.Path, store.Keys);
        var closed = found.CloseAs(8, DateTimeOffset.UnixEpoch);
        await recordings.SealAsync(StoreFixture.Request(found.Take, closed), Token);
        await again.ReleaseAsync(found.Take, Token);
        Assert.Equal(1, again.Health.Segments);
        Assert.True(recordings.TryOpen("default", identity.TakeId, out var reader));
        using (reader)
        {
            Assert.Null(reader.Verify(Token));
        }
    }

    [Fact]
    public async Task CommittedChunks_whileTheSyncHangs_staysAtZero()
    {
        using var store = new StoreFixture();
        using var hang = new ManualResetEventSlim();
        var disk = new FaultyDisk { Folder = store.Path };
        await using var volume = await TakeJournal.OpenAsync(
            store.Options(), store.Keys, TimeProvider.System, disk, Token);
        var before = disk.Calls;
        disk.BeforeSync = () => hang.Wait(TimeSpan.FromSeconds(30), Token);
        using var producer = volume.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
        Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(1)));
        producer.Flush();
        await Wait.UntilAsync(() => disk.Calls > before, "the chunk to be written", cancellationToken: Token);
        Assert.Equal(0UL, take.CommittedChunks);
        hang.Set();
        await Wait.UntilAsync(() => take.CommittedChunks == 1, "the chunk's commit", cancellationToken: Token);
    }

    [Fact]
    public async Task TryAppendChunk_whileTheDiskStalls_keepsWhatFitsThenRefuses()
    {
        using var store = new StoreFixture();
        using var hang = new ManualResetEventSlim();
        var disk = new FaultyDisk { Folder = store.Path };
        var options = store.Options(16 * 1024 * 1024) with { ProducerBytes = 1024 * 1024, UnconfirmedBytes = 0 };
        await using var volume = await TakeJournal.OpenAsync(
            options, store.Keys, TimeProvider.System, disk, Token);
        disk.BeforeSync = () => hang.Wait(TimeSpan.FromSeconds(30), Token);
        using var producer = volume.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
        var text = StoreFixture.Text(1, 16_000);
        ulong accepted = 0;
        await Wait.UntilAsync(
            () =>
            {
                for (; producer.TryAppendChunk(take, StoreFixture.Chunk(), text); accepted++)
                {
                    producer.Flush();
                }

                return accepted * 16_000 > 3 * 1024 * 1024;
            },
            "memory to fill up",
            cancellationToken: Token);
        Assert.Equal(0UL, take.CommittedChunks);
        hang.Set();
        await Wait.UntilAsync(
            () => take.CommittedChunks == accepted, "every accepted chunk's commit", cancellationToken: Token);
    }

    [Fact]
    public async Task FailedSync_ofTheOnlyVolume_fencesTheJournalAndFailsWhatWaits()
    {
        using var store = new StoreFixture();
        var disk = new FaultyDisk { Folder = store.Path };
        await using var volume = await TakeJournal.OpenAsync(
            store.Options(), store.Keys, TimeProvider.System, disk, Token);
        var reasons = new List<string>();
        volume.Fenced += (_, e) => reasons.Add(e.Reason);
        disk.BeforeSync = () => throw new StoreException("/data/journal: Input/output error");
        using var producer = volume.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
        producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(1));
        producer.Flush();
        await Assert.ThrowsAsync<StoreException>(async () => await volume.CloseTakeAsync(take, 1, Token));
        Assert.True(volume.Health.Fenced);
        Assert.Equal("/data/journal: Input/output error", Assert.Single(reasons));
        Assert.Equal(0UL, take.CommittedChunks);
        Assert.False(producer.TryAppendChunk(take, StoreFixture.Chunk(), StoreFixture.Text(1)));
        Assert.Throws<StoreException>(() => volume.OpenTake(identity, StoreFixture.Facts(identity)));
    }

    [Fact]
    public async Task TryAppendChunk_afterWarmUp_allocatesNothing()
    {
        using var store = new StoreFixture();
        await using var volume = await store.OpenAsync(64 * 1024 * 1024);
        using var producer = volume.CreateProducer();
        var identity = StoreFixture.Identity();
        var take = volume.OpenTake(identity, StoreFixture.Facts(identity));
        var text = StoreFixture.Text(1, 1600);
        var facts = StoreFixture.Chunk();
        for (var round = 0; round < 3; round++)
        {
            await AppendAsync(2000);
        }

        Assert.Equal(0, await AppendAsync(2000));

        async Task<long> AppendAsync(int count)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < count; i++)
            {
                Assert.True(producer.TryAppendChunk(take, facts, text));
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            producer.Flush();
            await Wait.UntilAsync(() => producer.BacklogBytes == 0, "an empty pipe", cancellationToken: Token);
            return allocated;
        }
    }

    [Fact]
    public void Open_inAFolderThatIsAFile_givesOneClearLine()
    {
        var file = Path.GetTempFileName();
        using var root = new Talreg.Evidence.Keys.RootKey(new byte[32]);
        var error = Assert.Throws<StoreException>(() => FileKeyStore.Open(file, root));
        Assert.StartsWith(file, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        File.Delete(file);
    }
}
