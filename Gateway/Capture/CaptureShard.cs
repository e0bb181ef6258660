using System.Collections.Concurrent;
using Talreg.Capture.Journal;
using Talreg.Capture.Srtp;
using Talreg.Capture.Streams;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;
using Talreg.Hardware.Clock;

namespace Talreg.Capture;

/// <summary>
/// The engine's half of one device shard. Everything but <see cref="RunAsync"/> happens on the shard's thread.
/// </summary>
internal sealed partial class CaptureShard(int index, ICaptureDevice device, IChunkProducer producer)
{
    /// <summary>How many commands may wait.</summary>
    internal const int MaxCommands = 8192;

    private const long SweepNs = 20_000_000;
    private const long CoreWindowNs = 250_000_000;

    // A start must not hold up the streams that are live: 50,000 kept packets a second, and the journal's ring holds as much.
    private const int KeptPerSweep = 1024;

    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly List<CaptureStream> _streams = [];
    private readonly List<CaptureStream> _keeping = [];
    private readonly Queue<(CaptureStream Stream, long DueNs)> _due = new();
    private long _realTimeOffsetNs = MachineClock.RealTimeOffsetNs();
    private long _sweepDueNs;
    private long _coreFromNs;
    private long _coreCpuNs;
    private double _coreUse;
    private SrtpWorkspace? _srtp;
    private int _waiting;
    private int _ended;

    internal ShardTotals Totals;

    /// <summary>How many kept packets may still go into takes in this sweep.</summary>
    internal int KeptAllowance;

    /// <summary>The buffers of its streams' open chunks.</summary>
    internal ChunkBuffers Buffers { get; } = new();

    internal ShardClock Clock { get; private set; } = ToClock(MachineClock.Read());

    /// <summary>What to add to monotonic time to get Unix time. Any thread.</summary>
    internal long RealTimeOffsetNs => Volatile.Read(ref _realTimeOffsetNs);

    /// <summary>This thread's share of a core over the last window. Any thread.</summary>
    internal double CoreUse => Volatile.Read(ref _coreUse);

    /// <summary>How full this shard's way into the journal is. Any thread.</summary>
    internal double RingUse => producer.Use;

    internal int StreamCount => _streams.Count;

    /// <summary>Where SRTP packets are opened; made with the first of them.</summary>
    internal SrtpWorkspace Srtp => _srtp ??= new SrtpWorkspace(ChunkHeader.MaxPlainText);

    /// <summary>Runs something on the shard's thread; completes when it has run.</summary>
    /// <exception cref="CaptureRefusedException">Too many commands are waiting, or the shard has ended.</exception>
    internal Task<bool> RunAsync(Func<CaptureShard, bool> work)
    {
        if (Interlocked.Increment(ref _waiting) > MaxCommands)
        {
            Interlocked.Decrement(ref _waiting);
            throw new CaptureRefusedException(
                CaptureRefusal.Busy, $"Shard {index} has {MaxCommands} commands waiting.");
        }

        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _commands.Enqueue(new Command(work, done));
        if (Volatile.Read(ref _ended) != 0)
        {
            RefuseWaiting();
        }
        else
        {
            device.Wake(index);
        }

        return done.Task;
    }

    /// <summary>The device has stopped: what is open is handed over, and nothing runs any more.</summary>
    internal void End()
    {
        Volatile.Write(ref _ended, 1);
        Interlocked.MemoryBarrier();
        RefuseWaiting();
        foreach (var stream in _streams)
        {
            stream.Finish(abandon: true, Clock.NowNs);
        }

        EndTaps(null, Taps.TapEnd.TakeEnded);

        producer.Dispose();
    }

    internal void Add(CaptureStream stream)
    {
        stream.Place = _streams.Count;
        _streams.Add(stream);
    }

    internal void Remove(CaptureStream stream)
    {
        var last = _streams[^1];
        _streams[stream.Place] = last;
        last.Place = stream.Place;
        _streams.RemoveAt(_streams.Count - 1);
        stream.Place = -1;
        stream.Dispose();
    }

    /// <summary>A chunk was opened: it is to be closed at a time, if it is still open then.</summary>
    internal void CloseLater(CaptureStream stream, long dueNs) => _due.Enqueue((stream, dueNs));

    /// <summary>The stream keeps packets in RAM and wants to see time pass.</summary>
    internal void Keep(CaptureStream stream) => _keeping.Add(stream);

    internal bool TryAppend(ITakeLog log, in ChunkFacts facts, ReadOnlySpan<byte> plainText)
    {
        if (!producer.TryAppend(log, facts, plainText))
        {
            return false;
        }

        Totals.Chunks++;
        Totals.Bytes += plainText.Length;
        return true;
    }

    internal void Flush() => producer.Flush();

    /// <summary>The kernel dropped datagrams of this shard, nobody knows whose: every live stream may have lost them.</summary>
    internal void OnSharedKernelDrops(long count)
    {
        foreach (var stream in _streams)
        {
            stream.OnKernelDrops(count, shared: true);
        }
    }

    internal void OnTick(in ClockReading clock)
    {
        Clock = ToClock(clock);
        Volatile.Write(ref _realTimeOffsetNs, clock.RealTimeOffsetNs);
        while (_commands.TryDequeue(out var command))
        {
            Interlocked.Decrement(ref _waiting);
            command.Done.SetResult(command.Work(this));
        }

        if (clock.MonotonicNs < _sweepDueNs)
        {
            return;
        }

        _sweepDueNs = clock.MonotonicNs + SweepNs;
        KeptAllowance = KeptPerSweep;
        Sweep(clock.MonotonicNs);
        producer.Flush();
        FlushTaps();
        MeasureCore(clock.MonotonicNs);
    }

    // Chunks are opened in the order of time, so whoever is not due yet has only such behind it; looking at each stream
    // would fetch all their memory 50 times a second.
    private void Sweep(long nowNs)
    {
        for (var i = _keeping.Count - 1; i >= 0; i--)
        {
            if (!_keeping[i].TickKept(nowNs))
            {
                _keeping.RemoveAt(i);
            }
        }

        var refused = 0;
        while (_due.Count > refused && _due.Peek().DueNs <= nowNs)
        {
            var (stream, dueNs) = _due.Dequeue();
            if (!stream.CloseDue(nowNs))
            {
                _due.Enqueue((stream, dueNs));
                refused++;
            }
        }
    }

    // By the thread itself: only it can ask for its own CPU time.
    private void MeasureCore(long nowNs)
    {
        if (nowNs - _coreFromNs < CoreWindowNs)
        {
            return;
        }

        var cpuNs = MachineClock.ThreadCpuNs();
        if (_coreFromNs != 0)
        {
            Volatile.Write(ref _coreUse, (double)(cpuNs - _coreCpuNs) / (nowNs - _coreFromNs));
        }

        _coreFromNs = nowNs;
        _coreCpuNs = cpuNs;
    }

    private static ShardClock ToClock(in ClockReading clock) => new(
        clock.MonotonicNs, clock.RealTimeOffsetNs, (ClockQuality)clock.State, clock.MaxErrorUs);

    private void RefuseWaiting()
    {
        while (_commands.TryDequeue(out var command))
        {
            command.Done.SetException(
                new CaptureRefusedException(CaptureRefusal.Stopped, "The capture engine has stopped."));
        }
    }

    private readonly record struct Command(Func<CaptureShard, bool> Work, TaskCompletionSource<bool> Done);
}

/// <summary>Counts of one shard: written by its thread, read by any.</summary>
internal struct ShardTotals
{
    internal long Received;
    internal long Stored;
    internal long Suppressed;
    internal long OwnDrops;
    internal long Invalid;
    internal long Unrouted;
    internal long KernelDrops;
    internal long Chunks;
    internal long Bytes;
    internal long PortFailures;
    internal long Prebuffered;
    internal long PreBufferShort;
    internal long TapDrops;
}
