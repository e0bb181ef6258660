using Talreg.Evidence.Keys;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Store.Tests.Simulation;

/// <summary>
/// A recorder on a simulated disk of two volumes: takes are opened, recorded, closed and sealed as a seed says, while syncs
/// are held up now and then, so that much is written that nothing confirms yet.
/// </summary>
internal sealed class SimulatedRun : IAsyncDisposable
{
    internal const long SegmentBytes = 64 * 1024;

    private const int Steps = 40;
    private const int LiveTakes = 4;

    private readonly Random _random;
    private readonly SimulatedDisk<Acknowledged[]> _disk;
    private readonly RecordingStore _recordings;
    private readonly List<SimulatedTake> _live = [];
    private readonly TakeJournal _journal;
    private readonly JournalProducer _producer;
    private readonly FileKeyStore _keys;
    private Acknowledgements _all;
    private int _held;

    private SimulatedRun(
        Random random,
        SimulatedDisk<Acknowledged[]> disk,
        Acknowledgements all,
        FileKeyStore keys,
        TakeJournal journal,
        string folder)
    {
        _random = random;
        _disk = disk;
        _all = all;
        _keys = keys;
        _journal = journal;
        _producer = journal.CreateProducer();
        _recordings = new RecordingStore(folder, keys, disk);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Records into a folder.</summary>
    internal static async Task<SimulatedDisk<Acknowledged[]>> RecordAsync(
        string folder, RootKey root, int seed, Func<Acknowledgements, SimulatedDisk<Acknowledged[]>> makeDisk)
    {
        var all = new Acknowledgements();
        var disk = makeDisk(all);
        using var keys = FileKeyStore.Open(folder, root, disk);
        var journal = await TakeJournal.OpenAsync(Options(folder), keys, TimeProvider.System, disk, Token);
        await using (var run = new SimulatedRun(new Random(seed), disk, all, keys, journal, folder))
        {
            await run.RecordAsync();
        }

        return disk;
    }

    internal static JournalOptions Options(string folder) => new()
    {
        Volumes = [Volume(folder, 0), Volume(folder, 1)],
        RecordingsDirectory = folder,
        SegmentBytes = SegmentBytes,
        CommitInterval = TimeSpan.FromMilliseconds(1),
        ProducerBytes = 1024 * 1024,
        UnconfirmedBytes = 4 * 1024 * 1024,
    };

    internal static string Volume(string folder, int number) => Path.Combine(folder, $"volume{number}");

    public async ValueTask DisposeAsync()
    {
        _disk.LetSyncs();
        _producer.Dispose();
        await _journal.DisposeAsync();
    }

    private async Task RecordAsync()
    {
        for (var step = 0; step < Steps; step++)
        {
            if (_live.Count < LiveTakes)
            {
                Open();
            }

            Append(1 + _random.Next(12));
            if (_held > 0)
            {
                await WaitUntilWrittenAsync();
                if (--_held == 0)
                {
                    _disk.LetSyncs();
                }
            }
            else
            {
                await GoOnAsync();
            }
        }

        _disk.LetSyncs();
        await CloseAsync(_live[0]);
    }

    private async Task GoOnAsync()
    {
        switch (_random.Next(8))
        {
            case 0 or 1:
                _held = 1 + _random.Next(12);
                _disk.HoldSyncs();
                break;
            case 2:
                var take = _live[_random.Next(_live.Count)];
                await _journal.AppendEventAsync(take.Take, "{}"u8.ToArray(), Token);
                take.NoteEvent();
                break;
            case 3:
                await CloseAsync(_live[_random.Next(_live.Count)]);
                break;
            case 4:
                await Wait.UntilAsync(
                    () => _live.TrueForAll(take => take.Take.CommittedChunks == (ulong)take.Given),
                    "all chunks to be committed",
                    cancellationToken: Token);
                break;
            default:
                await WaitUntilWrittenAsync();
                break;
        }
    }

    private void Open()
    {
        var identity = StoreFixture.Identity(_all.Count + 1);
        var take = new SimulatedTake(identity, _journal.OpenTake(identity, StoreFixture.Facts(identity)));
        _live.Add(take);
        _all.Add(take);
    }

    private void Append(int chunks)
    {
        for (var i = 0; i < chunks; i++)
        {
            var take = _live[_random.Next(_live.Count)];
            var facts = StoreFixture.Chunk((uint)take.Given / 10);
            Assert.True(_producer.TryAppendChunk(take.Take, facts, SimulatedTake.Text(take.Given)));
            take.Given++;
        }

        _producer.Flush();
    }

    private Task WaitUntilWrittenAsync() => Wait.UntilAsync(
        () => _live.TrueForAll(take => take.Take.Places.Count == take.Given),
        "all chunks to be written",
        cancellationToken: Token);

    private async Task CloseAsync(SimulatedTake take)
    {
        _live.Remove(take);
        var closed = await _journal.CloseTakeAsync(take.Take, SimulatedTake.EndReason, Token);
        take.NoteClosed();
        if (_random.Next(3) > 0)
        {
            await _recordings.SealAsync(StoreFixture.Request(take.Take, closed), Token);
            take.NoteSealed();
            await _journal.ReleaseAsync(take.Take, Token);
        }
    }
}

/// <summary>What is acknowledged of all takes. Any thread.</summary>
internal sealed class Acknowledgements
{
    private readonly Lock _gate = new();
    private readonly List<SimulatedTake> _takes = [];

    internal int Count => _takes.Count;

    internal Acknowledged[] Now
    {
        get
        {
            lock (_gate)
            {
                return [.. _takes.Select(static take => take.Now)];
            }
        }
    }

    internal void Add(SimulatedTake take)
    {
        lock (_gate)
        {
            _takes.Add(take);
        }
    }
}
