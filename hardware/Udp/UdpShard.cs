using System.Collections.Concurrent;
using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Udp;

/// <summary>
/// One thread that reads many ports; how, is for the derived class to say. Ports come and go through a bounded queue that
/// the thread empties before each read, so that the loop needs no lock.
/// </summary>
internal abstract class UdpShard : IDisposable
{
    /// <summary>How many commands may wait.</summary>
    internal const int MaxCommands = 8192;

    private const long QualityIntervalNs = 1_000_000_000;
    private const long NanosecondsPerMillisecond = 1_000_000;

    private readonly int _index;
    private readonly ICaptureSink _sink;
    private readonly Thread _thread;
    // Never disposed: a caller may wake a shard that has just ended.
    private readonly AutoResetEvent _wake = new(false);
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly List<TaskCompletionSource<bool>> _closing = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClockReading _clock;
    private long _qualityDueNs;
    private int _waiting;
    private bool _stepped;
    private volatile bool _stopping;

    protected UdpShard(int index, string name, ICaptureSink sink)
    {
        _index = index;
        _sink = sink;
        _clock = MachineClock.Read();
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Monotonic time before this read, in nanoseconds.</summary>
    protected long NowNs => _clock.MonotonicNs;

    /// <summary>The clock that stamps of this read are held against.</summary>
    protected ScanClock ScanClock => new(_clock.MonotonicNs, _clock.RealTimeOffsetNs, _stepped);

    internal void Start() => _thread.Start();

    internal void Wake() => _wake.Set();

    /// <summary>Gives a port to the shard or takes it back.</summary>
    /// <param name="port">The port.</param>
    /// <param name="open">True to read it from now on, false to close it.</param>
    /// <param name="done">Completes when it is done; false when the shard has ended.</param>
    /// <returns>False when the queue is full: nothing was posted.</returns>
    internal bool TryPost(UdpPort port, bool open, out Task<bool> done)
    {
        if (Interlocked.Increment(ref _waiting) > MaxCommands)
        {
            Interlocked.Decrement(ref _waiting);
            done = Task.FromResult(false);
            return false;
        }

        var completion = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        done = completion.Task;
        _commands.Enqueue(new Command(port, open, completion));
        _wake.Set();
        if (_stopping)
        {
            _ = EndLateAsync(completion);
        }

        return true;
    }

    /// <summary>Ends the thread; every port is drained and closed first.</summary>
    internal Task StopAsync()
    {
        _stopping = true;
        _wake.Set();
        return _ended.Task;
    }

    public abstract void Dispose();

    /// <summary>Begins to read a port.</summary>
    protected abstract void Open(UdpPort port);

    /// <summary>Ceases to read an open port: no datagram that comes from now on is its.</summary>
    protected abstract void Close(UdpPort port);

    /// <summary>Follows one or more calls of <see cref="Close"/>: what had arrived is delivered before this returns.</summary>
    protected abstract void FinishClosing();

    /// <summary>Closes every port that is open.</summary>
    protected abstract void CloseAll();

    /// <summary>Reads what is due.</summary>
    /// <returns>Time until there is something to do again, in nanoseconds; 0 for at once.</returns>
    protected abstract long Read();

    /// <summary>Tells the sink of an event, with the clock before this read.</summary>
    protected void Raise(DeviceEventKind kind, ushort port, long count) => _sink.OnEvent(new DeviceEvent
    {
        Kind = kind, Shard = _index, LocalPort = port, Count = count, Clock = _clock,
    });

    /// <summary>
    /// Hands datagrams up. A drop is told between the datagrams it lies between, so that the gap it tore is put down to it.
    /// </summary>
    /// <param name="datagrams">What was read, in the order of the queue.</param>
    /// <param name="drops">By datagram: the kernel's counter when it was queued.</param>
    /// <param name="counter">What was told of that counter.</param>
    protected void Deliver(ReadOnlySpan<Datagram> datagrams, ReadOnlySpan<uint> drops, ref DropCounter counter)
    {
        while (!datagrams.IsEmpty)
        {
            var change = drops.IndexOfAnyExcept(drops[0]);
            var length = change < 0 ? drops.Length : change;
            ReportDrops(drops[0], ref counter);
            _sink.OnBatch(new DatagramBatch
            {
                Shard = _index, RealTimeOffsetNs = _clock.RealTimeOffsetNs, Datagrams = datagrams[..length],
            });
            datagrams = datagrams[length..];
            drops = drops[length..];
        }
    }

    /// <summary>Tells the sink by how much the kernel's counter has grown since it was last told.</summary>
    protected void ReportDrops(uint drops, ref DropCounter counter)
    {
        var more = counter.Advance(drops);
        if (more != 0)
        {
            Raise(DeviceEventKind.KernelDrops, counter.Port, more);
        }
    }

    protected void ReadClock()
    {
        var previous = _clock.RealTimeOffsetNs;
        var nowNs = MachineClock.MonotonicNs();
        if (nowNs >= _qualityDueNs)
        {
            _clock = MachineClock.Read();
            _qualityDueNs = nowNs + QualityIntervalNs;
        }
        else
        {
            _clock = _clock with
            {
                MonotonicNs = nowNs,
                RealTimeOffsetNs = MachineClock.RealTimeOffsetNs(),
            };
        }

        _stepped = ScanClock.IsStep(previous, _clock.RealTimeOffsetNs);
    }

    // A command posted while the thread was ending may never be looked at.
    private async Task EndLateAsync(TaskCompletionSource<bool> done)
    {
        await _ended.Task.ConfigureAwait(false);
        done.TrySetResult(false);
    }

    private void Run()
    {
        while (!_stopping)
        {
            RunCommands();
            ReadClock();
            var restNs = Read();
            Raise(DeviceEventKind.Tick, 0, 0);
            if (restNs > 0)
            {
                _wake.WaitOne((int)((restNs + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond));
            }
        }

        RunCommands();
        ReadClock();
        CloseAll();
        Raise(DeviceEventKind.Tick, 0, 0);
        _ended.SetResult();
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out var command))
        {
            Interlocked.Decrement(ref _waiting);
            if (command.Open)
            {
                Open(command.Port);
                command.Done.TrySetResult(true);
                continue;
            }

            if (command.Port.IsOpen)
            {
                Close(command.Port);
            }

            command.Port.Dispose();
            _closing.Add(command.Done);
        }

        if (_closing.Count == 0)
        {
            return;
        }

        ReadClock();
        FinishClosing();
        foreach (var done in _closing)
        {
            done.TrySetResult(true);
        }

        _closing.Clear();
    }

    private readonly record struct Command(UdpPort Port, bool Open, TaskCompletionSource<bool> Done);
}
