using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Benchmarks.Micro;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Benchmarks.Seal;

/// <summary>A journal of calls that ended, the chunks of all lying side by side.</summary>
internal sealed class InterleavedJournal : IAsyncDisposable
{
    private const int Streams = 2;
    private const long ChunkNs = 200_000_000;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const byte EndOfCall = 1;

    private readonly RootKey _root;
    private readonly List<(JournalTake Take, ClosedTake Closed)> _closed = [];
    private readonly FileKeyStore _keys;
    private readonly RecordingStore _recordings;
    private readonly TakeJournal _journal;

    private InterleavedJournal(string folder, FileKeyStore keys, RootKey root, TakeJournal journal)
    {
        _keys = keys;
        _root = root;
        _journal = journal;
        _recordings = new RecordingStore(folder, keys);
    }

    /// <summary>Packets in all takes.</summary>
    internal long Packets { get; private set; }

    /// <summary>Records so many calls at once, until there are that many packets, and ends them all.</summary>
    internal static async Task<InterleavedJournal> FillAsync(string folder, int calls, int packets)
    {
        var root = new RootKey(RandomNumberGenerator.GetBytes(KeyTree.KeySize));
        var keys = FileKeyStore.Open(folder, root);
        var journal = await TakeJournal.OpenAsync(
            new JournalOptions { Volumes = [folder] }, keys, TimeProvider.System).ConfigureAwait(false);
        var filled = new InterleavedJournal(folder, keys, root, journal);
        await filled.FillAsync(calls, packets).ConfigureAwait(false);
        return filled;
    }

    /// <summary>Makes a recording of every call, so many in one pass over the journal.</summary>
    /// <returns>Their bytes.</returns>
    internal async Task<long> SealAsync(int batch)
    {
        var bytes = 0L;
        foreach (var takes in _closed.Chunk(batch))
        {
            var requests = Array.ConvertAll(takes, static one => new SealRequest
            {
                Take = one.Take,
                Closed = one.Closed,
                Descriptor = new JsonObject { ["startMonotonicNs"] = "1" },
                Metadata = [],
            });
            foreach (var outcome in await _recordings.SealAllAsync(requests).ConfigureAwait(false))
            {
                bytes += outcome.Info?.Bytes ?? throw outcome.Failure!;
            }
        }

        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync().ConfigureAwait(false);
        _keys.Dispose();
        _root.Dispose();
    }

    private async Task FillAsync(int calls, int packets)
    {
        using var producer = _journal.CreateProducer();
        var takes = Enumerable.Range(0, calls).Select(_ => Open()).ToList();
        for (var turn = 0; Packets < packets; turn++)
        {
            foreach (var take in takes)
            {
                for (ushort stream = 0; stream < Streams; stream++)
                {
                    Append(producer, take, stream, turn);
                }
            }

            producer.Flush();
        }

        foreach (var take in takes)
        {
            _closed.Add((take, await _journal.CloseTakeAsync(take, EndOfCall).ConfigureAwait(false)));
        }
    }

    private JournalTake Open() => _journal.OpenTake(
        new TakeIdentity
        {
            CallId = Guid.CreateVersion7(), TakeId = Guid.CreateVersion7(), Tenant = "bench", Site = "site1", Epoch = 1,
        },
        CanonicalJson.Write(new JsonObject { ["startMonotonicNs"] = "0" }));

    private void Append(JournalProducer producer, JournalTake take, ushort stream, int turn)
    {
        var from = turn * ChunkNs;
        var facts = new ChunkFacts
        {
            Stream = stream,
            Slot = (uint)(from / NanosecondsPerSecond),
            Packets = Steps.PacketsPerChunk,
            FirstArrivalNs = from,
            LastArrivalNs = from + ChunkNs - 1,
            RealTimeOffsetNs = 0,
        };
        while (!producer.TryAppendChunk(take, facts, RtpText.Of(stream, turn, from)))
        {
            producer.Flush();
            Thread.Yield();
        }

        Packets += Steps.PacketsPerChunk;
    }
}
