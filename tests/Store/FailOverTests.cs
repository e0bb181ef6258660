using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;
using Talreg.Store.Tests.Faults;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>A volume dies at any call: the takes on it go on on the other one, whole.</summary>
public sealed class FailOverTests
{
    internal const int Chunks = 40;

    private const int Takes = 3;
    private const long SegmentBytes = 64 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Write_orSyncFailingAtAnyCall_losesNothingAndNobodyNotices(bool tear, bool once)
    {
        var calls = await CallsWithoutAFaultAsync();
        for (var n = 1; n <= calls; n++)
        {
            using var store = new StoreFixture();
            var disk = new FaultyDisk { Folder = Volume(store, 0), FailFrom = n, Tear = tear, Once = once };
            await using (var journal = await OpenAsync(store, disk))
            {
                var left = new List<int>();
                journal.Fenced += (_, e) => left.Add(e.Left);
                using var producer = journal.CreateProducer();
                var takes = await RecordAsync(journal, producer);
                await Task.WhenAll(takes.Take(2).Select(async t => await journal.CloseTakeAsync(t, 1, Token)));
                Assert.All(takes, take => Assert.Equal((ulong)Chunks, take.CommittedChunks));
                Assert.False(journal.Health.Fenced);
            }

            await CheckAsync(store, $"call {n} of {calls}, tear {tear}, once {once}");
        }
    }

    [Fact]
    public async Task FailedSync_withAnotherVolume_movesTheTakeOnWithinASecondAndReportsIt()
    {
        using var store = new StoreFixture();
        var disk = new FaultyDisk { Folder = Volume(store, 0), FailFrom = 5 };
        await using var journal = await OpenAsync(store, disk);
        var fenced = new List<VolumeFencedEventArgs>();
        journal.Fenced += (_, e) => fenced.Add(e);
        using var producer = journal.CreateProducer();
        var takes = await RecordAsync(journal, producer);
        Assert.All(takes, take => Assert.Equal((ulong)Chunks, take.CommittedChunks));

        var one = Assert.Single(fenced);
        Assert.Equal(1, one.Left);
        Assert.Equal(Volume(store, 0), one.Directory);
        Assert.Equal([true, false], journal.Health.Volumes.Select(volume => volume.Fenced));
        Assert.False(journal.Health.Fenced);

        // New takes stay away from the volume.
        var identities = Enumerable.Range(10, 4).Select(StoreFixture.Identity).ToArray();
        Assert.All(identities, identity =>
            Assert.Equal(1, journal.OpenTake(identity, StoreFixture.Facts(identity)).Writer));
    }

    [Fact]
    public async Task FailedSync_ofBothVolumes_endsTheJournalAndKeepsWhatWasConfirmed()
    {
        using var store = new StoreFixture();
        var disk = new FaultyDisk { Folder = store.Path, FailFrom = 40 };
        Dictionary<Guid, ulong> confirmed;
        await using (var journal = await OpenAsync(store, disk))
        {
            using var producer = journal.CreateProducer();
            var takes = Enumerable.Range(1, Takes).Select(StoreFixture.Identity)
                .Select(identity => journal.OpenTake(identity, StoreFixture.Facts(identity))).ToArray();
            for (var i = 0; !journal.Health.Fenced && i < 100_000; i++)
            {
                producer.TryAppendChunk(takes[i % Takes], StoreFixture.Chunk((uint)i / 10), StoreFixture.Text(i));
                producer.Flush();
            }

            await Assert.ThrowsAsync<StoreException>(async () => await journal.CloseTakeAsync(takes[0], 1, Token));
            Assert.False(producer.TryAppendChunk(takes[1], StoreFixture.Chunk(), StoreFixture.Text(1)));
            confirmed = takes.ToDictionary(take => take.Identity.TakeId, take => take.CommittedChunks);
        }

        store.ReopenKeys();
        await using var again = await OpenAsync(store, new FaultyDisk { Folder = store.Path });
        Assert.Empty((await again.RecoveredAsync(Token)).Quarantined);
        Assert.Equal(Takes, (await again.RecoveredAsync(Token)).Takes.Count);
        foreach (var found in (await again.RecoveredAsync(Token)).Takes)
        {
            var chunks = confirmed[found.Take.Identity.TakeId];
            Assert.Null(found.Damage);
            Assert.True(found.Chunks >= chunks, $"{chunks} chunks were confirmed, {found.Chunks} are left");
        }
    }

    [Fact]
    public async Task Open_withAVolumeThatCannotBeUsed_goesOnWithTheOther()
    {
        using var store = new StoreFixture();
        await File.WriteAllTextAsync(Volume(store, 0), "a file where a folder should be", Token);
        await using var journal = await OpenAsync(store, new FaultyDisk { Folder = Volume(store, 0) });
        Assert.Equal([true, false], journal.Health.Volumes.Select(volume => volume.Fenced));
        using var producer = journal.CreateProducer();
        Assert.All(await RecordAsync(journal, producer), t => Assert.Equal((ulong)Chunks, t.CommittedChunks));
    }

    [Fact]
    public async Task Recover_withAChunkOfTwoContents_reportsDamage()
    {
        using var store = new StoreFixture();
        var disk = new FaultyDisk { Folder = Volume(store, 0) };
        await using (var journal = await OpenAsync(store, disk))
        {
            disk.BeforeSync = () =>
            {
                // Not before chunks are written: those are what shall stand on both volumes.
                SpinWait.SpinUntil(() => HasChunks(Volume(store, 0)), TimeSpan.FromSeconds(30));
                throw new StoreException("Input/output error");
            };
            using var producer = journal.CreateProducer();
            await RecordAsync(journal, producer);
        }

        // What the failed sync left behind stands on the second volume too, there with another byte under a check that holds.
        foreach (var path in Directory.GetFiles(Path.Combine(Volume(store, 1), "journal"), "*.tj"))
        {
            var bytes = await File.ReadAllBytesAsync(path, Token);
            ForgeChunks(bytes);
            await File.WriteAllBytesAsync(path, bytes, Token);
        }

        store.ReopenKeys();
        await using var again = await OpenAsync(store, new FaultyDisk { Folder = Volume(store, 0) });
        Assert.Contains((await again.RecoveredAsync(Token)).Takes, take =>
            take.Damage?.Contains("two contents", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Open_withAVolumeThatAnotherJournalHas_refusesAndTouchesNothing()
    {
        using var store = new StoreFixture();
        using var other = new StoreFixture();
        var disk = new FaultyDisk { Folder = Volume(store, 0) };
        await using var journal = await OpenAsync(store, disk);
        using var producer = journal.CreateProducer();
        await RecordAsync(journal, producer);

        // One volume of its own, and one of the first journal's.
        var options = store.Options(SegmentBytes) with { Volumes = [Volume(other, 0), Volume(store, 1)] };
        var refused = await Assert.ThrowsAsync<StoreException>(async () =>
            await TakeJournal.OpenAsync(options, other.Keys, TimeProvider.System, Token));
        Assert.Equal(
            $"Another recorder uses the volume '{Volume(store, 1)}'. Stop it, or give this one volumes of its own.",
            refused.Message);
        Assert.Empty(Directory.GetFiles(Path.Combine(Volume(other, 0), "journal"), "*.tj"));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(Volume(store, 1), "journal"), "*.tj"));

        // The one that was refused gives back what it had.
        await using var own = await TakeJournal.OpenAsync(
            options with { Volumes = [Volume(other, 0)] }, other.Keys, TimeProvider.System, Token);
        Assert.False(own.IsFenced);
    }

    private static bool HasChunks(string volume) => Directory.GetFiles(Path.Combine(volume, "journal"), "*.tj")
        .Any(path => File.ReadAllBytes(path).AsSpan().IndexOf("TLC1"u8) >= 0);

    private static void ForgeChunks(byte[] bytes)
    {
        Assert.True(SegmentHeader.TryRead(bytes, out var header, out _));
        for (long at = SegmentHeader.Size;
            RecordFrame.TryRead(bytes.AsSpan((int)at), header.Id, at, out var type, out var length, out _);
            at += RecordFrame.HeaderSize + length)
        {
            if (type == RecordType.Chunk)
            {
                var record = bytes.AsSpan((int)at, RecordFrame.HeaderSize + length);
                record[^1] ^= 1;
                RecordFrame.Finish(record, type, header.Id, at);
            }
        }
    }

    internal static string Volume(StoreFixture store, int number) => Path.Combine(store.Path, $"disk{number}");

    internal static JournalOptions Options(StoreFixture store) => store.Options(SegmentBytes) with
    {
        Volumes = [Volume(store, 0), Volume(store, 1)], RecordingsDirectory = store.Path,
    };

    private static ValueTask<TakeJournal> OpenAsync(StoreFixture store, FaultyDisk disk) =>
        TakeJournal.OpenAsync(Options(store), store.Keys, TimeProvider.System, disk, Token);

    private static async Task<int> CallsWithoutAFaultAsync()
    {
        using var store = new StoreFixture();
        var disk = new FaultyDisk { Folder = Volume(store, 0) };
        await using (var journal = await OpenAsync(store, disk))
        {
            using var producer = journal.CreateProducer();
            var takes = await RecordAsync(journal, producer);
            await Task.WhenAll(takes.Take(2).Select(async t => await journal.CloseTakeAsync(t, 1, Token)));
        }

        await CheckAsync(store, "no fault");
        return disk.Calls;
    }

    // Some chunks of each take at a time, each time until they are confirmed: the same calls in every run, or nearly.
    internal static async Task<JournalTake[]> RecordAsync(TakeJournal journal, JournalProducer producer)
    {
        var takes = Enumerable.Range(1, Takes).Select(StoreFixture.Identity)
            .Select(identity => journal.OpenTake(identity, StoreFixture.Facts(identity))).ToArray();
        for (var i = 0; i < Chunks; i += 8)
        {
            foreach (var take in takes)
            {
                for (var k = i; k < i + 8; k++)
                {
                    var text = StoreFixture.Text(k, 900);
                    Assert.True(producer.TryAppendChunk(take, StoreFixture.Chunk((uint)k / 10), text));
                }
            }

            producer.Flush();
            await journal.AppendEventAsync(takes[0], "{}"u8.ToArray(), Token);
            await Wait.UntilAsync(
                () => Array.TrueForAll(takes, take => take.CommittedChunks == (ulong)i + 8),
                $"{i + 8} committed chunks of each take",
                cancellationToken: Token);
        }

        return takes;
    }

    internal static async Task CheckAsync(StoreFixture store, string what)
    {
        store.ReopenKeys();
        await using var journal = await OpenAsync(store, new FaultyDisk { Folder = Volume(store, 0) });
        var report = await journal.RecoveredAsync(Token);
        Assert.True(report.Quarantined.Count == 0, what);
        Assert.True(report.Takes.Count == Takes, $"{what}: {report.Takes.Count} takes");
        var recordings = new RecordingStore(store.Path, store.Keys);
        foreach (var found in report.Takes)
        {
            Assert.True(found.Damage is null, $"{what}: {found.Damage}");
            Assert.True(found.Chunks == Chunks, $"{what}: {found.Chunks} chunks");
            var events = found.Take.Identity.CallId == StoreFixture.Identity(1).CallId ? Chunks / 8 : 0;
            Assert.True(found.Events.Count == events, $"{what}: {found.Events.Count} events");
            var closed = found.CloseAs(8, DateTimeOffset.UnixEpoch);
            await recordings.SealAsync(StoreFixture.Request(found.Take, closed), Token);
            Assert.True(recordings.TryOpen("default", found.Take.Identity.TakeId, out var reader));
            using (reader)
            {
                Assert.Null(reader.Verify(Token));
                CheckChunks(reader, recordings, found.Take.Identity);
            }

            await journal.ReleaseAsync(found.Take, Token);
        }

        Assert.Equal(2, journal.Health.Segments);
    }

    private static void CheckChunks(RecordingReader reader, RecordingStore recordings, TakeIdentity identity)
    {
        var key = new byte[32];
        Assert.True(recordings.TryGetTakeKey("default", identity.TakeId, key));
        var number = 0;
        foreach (var chunk in reader.OpenChunks(key))
        {
            var frames = new FrameReader(chunk.PlainText.Span);
            Assert.True(frames.MoveNext());
            Assert.Equal(number++, frames.Current.ArrivalNs);
        }

        Assert.Equal(Chunks, number);
    }
}
