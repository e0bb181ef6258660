using System.Collections.Concurrent;
using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Udp;

/// <summary>
/// One thread that reads many sockets: every scan interval each socket is drained with recvmmsg. Ports come and go through
/// a bounded queue that the thread empties before each scan, so that the loop needs no lock.
/// </summary>
internal sealed class UdpShard : IDisposable
{
    /// <summary>How many commands may wait.</summary>
    internal const int MaxCommands = 8192;

    // A port that never runs dry must not starve the others: 64 reads of 64 datagrams, then the next port.
    private const int MaxReadsPerPort = 64;
    private const long QualityIntervalNs = 1_000_000_000;
    private const long NanosecondsPerMillisecond = 1_000_000;

    private readonly int _index;
    private readonly long _intervalNs;
    private readonly ICaptureSink _sink;
    private readonly ReceiveBlock _block;
    private readonly Thread _thread;
    // Never disposed: a caller may wake a shard that has just ended.
    private readonly AutoResetEvent _wake = new(false);
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<UdpPort> _ports = [];
    private ClockReading _clock;
    private long _qualityDueNs;
    private int _waiting;
    private bool _stepped;
    private volatile bool _stopping;

    internal UdpShard(int index, UdpDeviceOptions options, ICaptureSink sink)
    {
        _index = index;
        _intervalNs = options.ScanInterval.Ticks * TimeSpan.NanosecondsPerTick;
        _sink = sink;
        _block = new ReceiveBlock(options.MaxDatagramBytes);
        _clock = MachineClock.Read();
        _thread = new Thread(Run) { IsBackground = true, Name = $"udp-shard-{index}" };
    }

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

    public void Dispose() => _block.Dispose();

    // A command posted while the thread was ending may never be looked at.
    private async Task EndLateAsync(TaskCompletionSource<bool> done)
    {
        await _ended.Task.ConfigureAwait(false);
        done.TrySetResult(false);
    }

    private void Run()
    {
        var dueNs = MachineClock.MonotonicNs();
        while (!_stopping)
        {
            RunCommands();
            ReadClock();
            if (_clock.MonotonicNs >= dueNs)
            {
                Scan();
                dueNs = Math.Max(dueNs + _intervalNs, _clock.MonotonicNs);
            }

            Raise(DeviceEventKind.Tick, 0, 0);
            var restNs = dueNs - MachineClock.MonotonicNs();
            if (restNs > 0)
            {
                _wake.WaitOne((int)((restNs + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond));
            }
        }

        End();
    }

    private void End()
    {
        RunCommands();
        ReadClock();
        for (var i = _ports.Count - 1; i >= 0; i--)
        {
            Close(_ports[i]);
        }

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
                command.Port.Place = _ports.Count;
                _ports.Add(command.Port);
                Raise(DeviceEventKind.PortOpened, command.Port.Number, 0);
            }
            else if (command.Port.Place >= 0)
            {
                ReadClock();
                Close(command.Port);
            }

            command.Done.TrySetResult(true);
        }
    }

    private void ReadClock()
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

    private void Scan()
    {
        for (var i = _ports.Count - 1; i >= 0; i--)
        {
            Drain(_ports[i]);
        }
    }

    private void Drain(UdpPort port)
    {
        var scan = new ScanClock(_clock.MonotonicNs, _clock.RealTimeOffsetNs, port.OpenedNs, _stepped);
        for (var reads = 0; reads < MaxReadsPerPort; reads++)
        {
            var count = _block.Read(port.Descriptor);
            if (count < 0)
            {
                Remove(port);
                Raise(DeviceEventKind.PortFailed, port.Number, -count);
                return;
            }

            if (count == 0)
            {
                return;
            }

            _block.Describe(count, port.Number, scan, port.Drops);
            Deliver(port, count);
            if (count < ReceiveBlock.Capacity)
            {
                return;
            }
        }
    }

    // A drop is told between the datagrams it lies between, so that the gap it tore is put down to it.
    private void Deliver(UdpPort port, int count)
    {
        var from = 0;
        while (from < count)
        {
            var drops = _block.Drops(count)[from..];
            var change = drops.IndexOfAnyExcept(drops[0]);
            var length = change < 0 ? drops.Length : change;
            ReportDrops(port, drops[0]);
            _sink.OnBatch(new DatagramBatch
            {
                Shard = _index,
                RealTimeOffsetNs = _clock.RealTimeOffsetNs,
                Datagrams = _block.Datagrams(count).Slice(from, length),
            });
            from += length;
        }
    }

    private void Close(UdpPort port)
    {
        Drain(port);
        if (port.Place >= 0)
        {
            ReportDrops(port, port.ReadDrops());
            Remove(port);
        }

        Raise(DeviceEventKind.PortClosed, port.Number, 0);
    }

    // The last port takes the place of the one that goes; scans run downwards, so none is left out.
    private void Remove(UdpPort port)
    {
        var last = _ports[^1];
        _ports[port.Place] = last;
        last.Place = port.Place;
        _ports.RemoveAt(_ports.Count - 1);
        port.Place = -1;
        port.Dispose();
    }

    private void ReportDrops(UdpPort port, uint drops)
    {
        if (drops == port.Drops)
        {
            return;
        }

        var more = unchecked(drops - port.Drops);
        port.Drops = drops;
        Raise(DeviceEventKind.KernelDrops, port.Number, more);
    }

    private void Raise(DeviceEventKind kind, ushort port, long count) => _sink.OnEvent(new DeviceEvent
    {
        Kind = kind, Shard = _index, LocalPort = port, Count = count, Clock = _clock,
    });

    private readonly record struct Command(UdpPort Port, bool Open, TaskCompletionSource<bool> Done);
}
