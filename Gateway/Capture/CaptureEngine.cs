using Talreg.Capture.Journal;
using Talreg.Capture.PreBuffer;
using Talreg.Capture.Rtcp;
using Talreg.Capture.Streams;
using Talreg.Capture.Taps;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;
using Talreg.Hardware.Clock;
using Talreg.Hardware.Ports;
using Talreg.Store.Journal;

namespace Talreg.Capture;

/// <summary>
/// Receives the media of live takes from one device and hands it, in chunks, to the journal. Methods may be called from any
/// thread; per take, one change at a time is carried out. No method waits for media.
/// </summary>
public sealed partial class CaptureEngine : IAsyncDisposable
{
    /// <summary>The most streams of a take.</summary>
    public const int MaxStreams = PortPool.MaxPairsPerRequest;

    private const int CloseAttempts = 100;
    private static readonly TimeSpan CloseRetry = TimeSpan.FromMilliseconds(20);

    private readonly ICaptureDevice _device;
    private readonly ICaptureJournal _journal;
    private readonly TimeProvider _time;
    private readonly PreBufferPool? _preBuffer;
    private readonly CaptureShard[] _shards;

    // By local port; an entry is written and read on the thread of the shard that reads the port.
    private readonly CaptureStream?[] _routes = new CaptureStream?[65536];
    private int _disposed;

    /// <summary>Makes an engine and starts its device.</summary>
    /// <param name="device">Not started yet; the engine disposes it.</param>
    /// <param name="journal">The journal; the caller disposes it after the engine.</param>
    /// <param name="time">Paces the retries of a closing take; the system's when null.</param>
    /// <param name="preBuffer">
    /// Memory for pre-buffers; the caller disposes it after the engine. Null: a pre-buffer asked for is short.
    /// </param>
    /// <param name="sendReports">False sends no RTCP; a device that cannot send sends none either.</param>
    public CaptureEngine(
        ICaptureDevice device,
        TakeJournal journal,
        TimeProvider? time = null,
        PreBufferPool? preBuffer = null,
        bool sendReports = true)
        : this(device, new VolumeJournal(journal), time ?? TimeProvider.System, preBuffer, sendReports)
    {
    }

    internal CaptureEngine(
        ICaptureDevice device,
        ICaptureJournal journal,
        TimeProvider time,
        PreBufferPool? preBuffer = null,
        bool sendReports = true)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _journal = journal;
        _time = time;
        _preBuffer = preBuffer;
        _shards = new CaptureShard[device.ShardCount];
        for (var i = 0; i < _shards.Length; i++)
        {
            _shards[i] = new CaptureShard(i, device, journal.CreateProducer())
            {
                TapsStopped = () => _tapsStopped,
                TapsClosed = CountTapsClosed,
            };
        }

        _reporter = sendReports && device is IDatagramSender sender
            ? new RtcpReporter(sender, () => MonotonicNs(), initial => ReportIntervalNs(initial))
            : null;
        device.Start(new Sink(this));
    }

    /// <summary>Counts over all takes. A snapshot for metrics: each number is exact, together they may be a batch apart.</summary>
    public CaptureTotals Totals
    {
        get
        {
            long Sum(Func<ShardTotals, long> of) => _shards.Sum(s => of(s.Totals));
            return new CaptureTotals(
                Sum(t => t.Received),
                Sum(t => t.Stored),
                Sum(t => t.Suppressed),
                Sum(t => t.OwnDrops),
                Sum(t => t.Invalid),
                Sum(t => t.Unrouted),
                Sum(t => t.KernelDrops),
                Sum(t => t.Chunks),
                Sum(t => t.Bytes),
                _shards.Sum(s => s.StreamCount),
                Sum(t => t.PortFailures),
                Sum(t => t.Prebuffered),
                Sum(t => t.PreBufferShort));
        }
    }

    /// <summary>The busiest shard thread's share of a core over the last quarter of a second, 0 to 1.</summary>
    public double CoreUse => _shards.Max(shard => shard.CoreUse);

    /// <summary>Streams that could get ports now, other programs' ports not considered. Any thread.</summary>
    public int FreePorts => _device.FreePairs;

    /// <summary>How full the fullest shard's way into the journal is, 0 to 1. At 1 packets are own drops.</summary>
    public double RingUse => _shards.Max(shard => shard.RingUse);

    /// <summary>The machine's clocks, for the facts of a take: its <c>startMonotonicNs</c> is taken from here.</summary>
    public static ClockReading ReadClock() => MachineClock.Read();

    /// <summary>Opens a take: ports for its streams, an entry in the journal. On completion it receives.</summary>
    /// <param name="identity">Which take.</param>
    /// <param name="factsJson">Canonical JSON with <c>startMonotonicNs</c> (FORMAT.md §5); copied.</param>
    /// <param name="streams">1 to <see cref="MaxStreams"/>, in the order of the m-lines; their indices follow it.</param>
    /// <param name="recording">False: store nothing until <see cref="SetRecordingAsync"/>.</param>
    /// <param name="flags">Flags of every chunk.</param>
    /// <param name="preBuffer">
    /// While the take waits for its first start: how much of what came last is kept in RAM and stored with the start. At most
    /// <see cref="PreBufferPool.MaxWindow"/>. Of no effect on a take that records.
    /// </param>
    /// <param name="digitsStored">False: telephone events are not stored, until <see cref="SetDigitsAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait for ports; nothing stays open.</param>
    /// <exception cref="CaptureRefusedException">No ports, too many streams, or the engine is stopping.</exception>
    /// <exception cref="Store.StoreException">The journal has no volume left, or is overloaded.</exception>
    public async ValueTask<CaptureTake> OpenTakeAsync(
        TakeIdentity identity,
        ReadOnlyMemory<byte> factsJson,
        IReadOnlyList<StreamPlan> streams,
        bool recording = true,
        ChunkFlags flags = ChunkFlags.None,
        TimeSpan preBuffer = default,
        bool digitsStored = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentOutOfRangeException.ThrowIfLessThan(preBuffer, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(preBuffer, PreBufferPool.MaxWindow);
        var ports = await OpenPortsAsync(streams.Count, null, cancellationToken).ConfigureAwait(false);
        var opened = false;
        try
        {
            var log = _journal.OpenTake(identity, factsJson.Span);
            var take = new CaptureTake(identity, log, flags, ports[0].Shard, recording)
            {
                PreBufferNs = recording ? 0 : preBuffer.Ticks * TimeSpan.NanosecondsPerTick,
            };
            take.SetDigits(digitsStored);
            await JoinAsync(take, streams, ports).ConfigureAwait(false);
            opened = true;
            return take;
        }
        finally
        {
            if (!opened)
            {
                await ClosePortsAsync(ports).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A stream joins a live take. On completion it receives.</summary>
    /// <returns>Its index and ports.</returns>
    /// <exception cref="CaptureRefusedException">No ports, too many streams, or the take is closed.</exception>
    public async ValueTask<(int Index, PortPair Ports)> AddStreamAsync(
        CaptureTake take, StreamPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        ArgumentNullException.ThrowIfNull(plan);
        await take.Changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing(take);
            if (take.Streams.Length >= MaxStreams)
            {
                throw new CaptureRefusedException(
                    CaptureRefusal.TooManyStreams, $"A take has at most {MaxStreams} streams.");
            }

            var ports = await OpenPortsAsync(1, take.Shard, cancellationToken).ConfigureAwait(false);
            await JoinAsync(take, [plan], ports).ConfigureAwait(false);
            return (take.Streams.Length - 1, ports[0]);
        }
        finally
        {
            take.Changing.Release();
        }
    }

    /// <summary>What was agreed for a stream changes: payload type, or whether it is recorded. In force on completion.</summary>
    /// <exception cref="CaptureRefusedException">The take is closed.</exception>
    public async ValueTask SetStreamAsync(
        CaptureTake take, int index, StreamPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        ArgumentNullException.ThrowIfNull(plan);
        await take.Changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing(take);
            var stream = take.Streams[index];
            await ShardOf(take).RunAsync(shard =>
            {
                stream.Set(plan, take.Recording, shard.Clock.NowNs);
                shard.Flush();
                return true;
            }).ConfigureAwait(false);
        }
        finally
        {
            take.Changing.Release();
        }
    }

    /// <summary>
    /// Recording of a take goes on or off. On completion it is in force: after "off" nothing more is stored, after "on"
    /// only what arrives from then on, and at the first "on" what the pre-buffer holds. What comes meanwhile is counted as
    /// suppressed and declared as a gap. "Off" forgets the pre-buffer: after a pause nothing from within it may be stored.
    /// </summary>
    /// <exception cref="CaptureRefusedException">The take is closed, or the shard is busy: nothing changed.</exception>
    public async ValueTask SetRecordingAsync(
        CaptureTake take, bool on, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        await take.Changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing(take);
            await ShardOf(take).RunAsync(shard =>
            {
                // The clock is read here: what reached the kernel before this moment belongs to the pause.
                var nowNs = MonotonicNs();
                foreach (var stream in take.Streams)
                {
                    stream.Set(stream.Plan, on, nowNs);
                    if (!on || !stream.Plan.Recorded)
                    {
                        stream.ForgetKept();
                    }
                }

                take.PreBufferNs = 0;
                take.SetRecording(on);
                shard.Flush();
                return true;
            }).ConfigureAwait(false);
        }
        finally
        {
            take.Changing.Release();
        }
    }

    /// <summary>
    /// Closes a take: its ports are drained and released, open chunks handed over, the journal closed. A chunk that the
    /// journal refuses for 2 s is given up and counted. The ports are released even when the journal fails.
    /// </summary>
    /// <param name="take">A live take.</param>
    /// <param name="reason">Number of the end reason.</param>
    /// <param name="cancellationToken">Ends the wait for the journal, not the closing.</param>
    /// <exception cref="CaptureRefusedException">The take is closing or closed already.</exception>
    /// <exception cref="Store.StoreException">The journal has no volume left: recovery will find the take open.</exception>
    public async ValueTask<TakeResult> CloseTakeAsync(
        CaptureTake take, byte reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        await take.Changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!take.TryBeginClosing())
            {
                throw Closed(take);
            }

            await LeaveReportsAsync(take).ConfigureAwait(false);
            await ClosePortsAsync(take.Ports).ConfigureAwait(false);
            await LeaveAsync(take).ConfigureAwait(false);
        }
        finally
        {
            take.Changing.Release();
        }

        var closed = await take.Log.CloseAsync(reason, cancellationToken).ConfigureAwait(false);
        return new TakeResult(closed, Snapshot(take));
    }

    /// <summary>The counts of a take, live or closed. Any thread; does not disturb the shard.</summary>
    public TakeSnapshot Snapshot(CaptureTake take)
    {
        ArgumentNullException.ThrowIfNull(take);
        var offsetNs = ShardOf(take).RealTimeOffsetNs;
        var streams = Array.ConvertAll(take.Streams, s => s.Snapshot(offsetNs));
        return new TakeSnapshot
        {
            CommittedChunks = take.Log.CommittedChunks,
            Recording = take.Recording,
            LastPacketNs = streams.Select(s => s.LastPacketNs).DefaultIfEmpty().Max(),
            Streams = streams,
        };
    }

    /// <summary>
    /// Stops the device, which drains every port, and hands open chunks over. Takes not closed before stay open in the
    /// journal: recovery closes them.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _reporter?.Dispose();
        await _device.DisposeAsync().ConfigureAwait(false);
        foreach (var shard in _shards)
        {
            shard.End();
        }
    }

    private static void ThrowIfClosing(CaptureTake take)
    {
        if (take.IsClosing)
        {
            throw Closed(take);
        }
    }

    private static CaptureRefusedException Closed(CaptureTake take) =>
        new(CaptureRefusal.TakeClosed, $"Take {take.Identity.TakeId} is closing or closed.");

    /// <summary>The clock arrival times are compared with; tests that say what time it is replace it.</summary>
    internal Func<long> MonotonicNs { get; init; } = MachineClock.MonotonicNs;

    private CaptureShard ShardOf(CaptureTake take) => _shards[take.Shard];

    private async ValueTask<IReadOnlyList<PortPair>> OpenPortsAsync(
        int pairs, int? shard, CancellationToken cancellationToken)
    {
        if (pairs is < 1 or > MaxStreams)
        {
            throw new CaptureRefusedException(
                CaptureRefusal.TooManyStreams, $"A take has 1 to {MaxStreams} streams, not {pairs}.");
        }

        var grant = await _device.OpenAsync(pairs, shard, cancellationToken).ConfigureAwait(false);
        return grant.Refusal switch
        {
            PortRefusal.None => grant.Pairs,
            PortRefusal.PortsExhausted => throw new CaptureRefusedException(
                CaptureRefusal.PortsExhausted, "No RTP ports are free: widen the range or wait for calls to end."),
            PortRefusal.ShardBusy => throw new CaptureRefusedException(
                CaptureRefusal.Busy, "The capture device has too many commands waiting."),
            PortRefusal.Stopped => throw new CaptureRefusedException(
                CaptureRefusal.Stopped, "The capture device has stopped."),
            _ => throw new CaptureRefusedException(
                CaptureRefusal.SocketsUnavailable, $"RTP ports cannot be opened: {grant.Refusal}."),
        };
    }

    private async ValueTask ClosePortsAsync(IReadOnlyList<PortPair> ports)
    {
        foreach (var pair in ports)
        {
            await _device.CloseAsync(pair).ConfigureAwait(false);
        }
    }

    private async Task JoinAsync(CaptureTake take, IReadOnlyList<StreamPlan> plans, IReadOnlyList<PortPair> ports)
    {
        var shard = ShardOf(take);
        var first = take.Streams.Length;
        var joining = new CaptureStream[plans.Count];
        for (var i = 0; i < joining.Length; i++)
        {
            joining[i] = new CaptureStream(take, shard, (ushort)(first + i), plans[i], ports[i]);
        }

        await shard.RunAsync(s =>
        {
            foreach (var stream in joining)
            {
                stream.Begin(take.Recording, s.Clock.NowNs);
                stream.SetDigits(take.DigitsStored);
                if (take.PreBufferNs != 0)
                {
                    stream.KeepPackets(_preBuffer, take.PreBufferNs, s.Clock.NowNs);
                }

                s.Add(stream);
                _routes[stream.Ports.Rtp] = stream;
                _routes[stream.Ports.Rtcp] = stream;
                take.AddStream(stream);
            }

            return true;
        }).ConfigureAwait(false);
        JoinReports(take, joining);
    }

    private async Task LeaveAsync(CaptureTake take)
    {
        for (var attempt = 1; ; attempt++)
        {
            var abandon = attempt >= CloseAttempts;
            var done = await ShardOf(take).RunAsync(shard => Leave(shard, take, abandon)).ConfigureAwait(false);
            if (done)
            {
                return;
            }

            await Task.Delay(CloseRetry, _time).ConfigureAwait(false);
        }
    }

    private bool Leave(CaptureShard shard, CaptureTake take, bool abandon)
    {
        var done = true;
        foreach (var stream in take.Streams)
        {
            if (_routes[stream.Ports.Rtp] == stream)
            {
                _routes[stream.Ports.Rtp] = null;
                _routes[stream.Ports.Rtcp] = null;
                shard.Remove(stream);
            }

            done &= stream.Finish(abandon, shard.Clock.NowNs);
        }

        shard.EndTaps(take, TapEnd.TakeEnded);
        shard.Flush();
        return done;
    }
}
