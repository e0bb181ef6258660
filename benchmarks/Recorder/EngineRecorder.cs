using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Capture;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Hardware;
using Talreg.Store.Journal;
using Talreg.Store.Keys;

namespace Talreg.Benchmarks.Recorder;

/// <summary>The product: device, capture engine, journal volume; encrypted, hashed, committed every 20 ms.</summary>
internal sealed class EngineRecorder : IRecorder
{
    private const int StreamsPerCall = 2;
    private const byte EndOfCall = 1;

    // 10 s of 2,500 calls. The C baselines leave to the page cache, without a bound, what the disk has not taken.
    private const long StallBytes = 640L << 20;

    internal static readonly StreamPlan Plan = new("", 0, 8000, "PCMU");

    private readonly List<CaptureTake> _takes = [];
    private readonly RootKey _root;
    private readonly FileKeyStore _keys;
    private readonly TakeJournal _volume;
    private readonly CaptureEngine _engine;

    private EngineRecorder(RootKey root, FileKeyStore keys, TakeJournal volume, ICaptureDevice device)
    {
        _root = root;
        _keys = keys;
        _volume = volume;
        _engine = new CaptureEngine(device, volume);
    }

    public Recorded Counts
    {
        get
        {
            var totals = _engine.Totals;
            return new Recorded(
                totals.Received, totals.Stored, totals.KernelDrops, totals.OwnDrops, _volume.Health.CommittedBytes);
        }
    }

    /// <summary>Opens a volume in a folder and a take for every call.</summary>
    /// <param name="device">Has room for exactly so many pairs.</param>
    /// <param name="pairs">Streams: two make a call.</param>
    /// <param name="folder">Where the journal and the keys lie.</param>
    internal static async Task<EngineRecorder> OpenAsync(ICaptureDevice device, int pairs, string folder)
    {
        Rehearsal.Run();
        var root = new RootKey(RandomNumberGenerator.GetBytes(KeyTree.KeySize));
        var keys = FileKeyStore.Open(folder, root);
        var volume = await TakeJournal.OpenAsync(
            new JournalOptions { Volumes = [folder], UnconfirmedBytes = StallBytes },
            keys,
            TimeProvider.System).ConfigureAwait(false);
        var recorder = new EngineRecorder(root, keys, volume, device);
        for (var open = 0; open < pairs; open += StreamsPerCall)
        {
            var streams = Math.Min(StreamsPerCall, pairs - open);
            recorder._takes.Add(await recorder.OpenTakeAsync(streams).ConfigureAwait(false));
        }

        return recorder;
    }

    /// <summary>The facts of a take that begins now.</summary>
    internal static byte[] FactsNow() => CanonicalJson.Write(new JsonObject
    {
        ["startMonotonicNs"] = CaptureEngine.ReadClock().MonotonicNs.ToString(CultureInfo.InvariantCulture),
    });

    /// <summary>Opens one call.</summary>
    internal async Task<CaptureTake> OpenTakeAsync(int streams)
    {
        var identity = new TakeIdentity
        {
            CallId = Guid.CreateVersion7(), TakeId = Guid.CreateVersion7(), Tenant = "bench", Site = "site1", Epoch = 1,
        };
        StreamPlan[] plans = [.. Enumerable.Repeat(Plan, streams)];
        return await _engine.OpenTakeAsync(identity, FactsNow(), plans).ConfigureAwait(false);
    }

    /// <summary>Ends one call.</summary>
    internal async Task<TakeResult> CloseTakeAsync(CaptureTake take)
    {
        var result = await _engine.CloseTakeAsync(take, EndOfCall).ConfigureAwait(false);
        await _volume.ReleaseAsync(take.Journal).ConfigureAwait(false);
        return result;
    }

    public async Task FinishAsync()
    {
        await Task.WhenAll(_takes.Select(CloseTakeAsync)).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync().ConfigureAwait(false);
        await _volume.DisposeAsync().ConfigureAwait(false);
        _keys.Dispose();
        _root.Dispose();
    }
}
