using System.Collections.Concurrent;
using Talreg.Hardware.Clock;
using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Pcap;

/// <summary>
/// The thread that replays. At recorded speed its clock is the machine's; at full speed its clock runs ahead with the file,
/// so that arrivals keep the distances they were recorded with and a tick comes at least every 20 ms of them.
/// </summary>
internal sealed class PcapShard : IDisposable
{
    /// <summary>How many commands may wait.</summary>
    internal const int MaxCommands = 8192;

    private const long RestNs = 20_000_000;
    private const int MaxPerStep = 1024;
    private const long NanosecondsPerMillisecond = 1_000_000;

    private readonly ICaptureSink _sink;
    private readonly bool _atRecordedSpeed;
    private readonly PcapPortMap _ports;
    private readonly Thread _thread;
    // Never disposed: a caller may wake a shard that has just ended.
    private readonly AutoResetEvent _wake = new(false);
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly Queue<PcapReplay> _replays = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClockReading _clock = MachineClock.Read();
    private PcapReplay? _current;
    private int _waiting;
    private volatile bool _stopping;

    internal PcapShard(PcapDeviceOptions options, ICaptureSink sink)
    {
        _sink = sink;
        _atRecordedSpeed = options.AtRecordedSpeed;
        _ports = new PcapPortMap(options.Mapping);
        _thread = new Thread(Run) { IsBackground = true, Name = "pcap-replay" };
    }

    internal void Start() => _thread.Start();

    internal void Wake() => _wake.Set();

    /// <summary>Opens or closes a pair on the shard's thread.</summary>
    /// <returns>False when the queue is full, or the shard has ended.</returns>
    internal async Task<bool> PostAsync(PortPair pair, bool open) =>
        await PostAsync(new Command(pair, open, null, NewDone())).ConfigureAwait(false);

    /// <summary>Puts a file behind those that are being replayed.</summary>
    /// <returns>False when the queue is full, or the shard has ended.</returns>
    internal async Task<bool> PostAsync(PcapReplay replay) =>
        await PostAsync(new Command(default, false, replay, NewDone())).ConfigureAwait(false);

    /// <summary>Ends the thread; every port is closed first.</summary>
    internal Task StopAsync()
    {
        _stopping = true;
        _wake.Set();
        return _ended.Task;
    }

    /// <summary>Once the thread has ended: replays that have not are cancelled.</summary>
    public void Dispose()
    {
        _current?.Cancel();
        foreach (var replay in _replays)
        {
            replay.Cancel();
        }
    }

    private static TaskCompletionSource<bool> NewDone() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<bool> PostAsync(Command command)
    {
        if (Interlocked.Increment(ref _waiting) > MaxCommands)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }

        _commands.Enqueue(command);
        _wake.Set();
        if (_stopping)
        {
            // It may never be looked at.
            await _ended.Task.ConfigureAwait(false);
            command.Done.TrySetResult(false);
        }

        return await command.Done.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        while (!_stopping)
        {
            ReadClock();
            RunCommands();
            var restNs = Step();
            Raise(DeviceEventKind.Tick, 0);
            if (restNs > 0)
            {
                _wake.WaitOne((int)((restNs + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond));
            }
        }

        RunCommands();
        foreach (var pair in _ports.Open.ToArray())
        {
            Close(pair);
        }

        Raise(DeviceEventKind.Tick, 0);
        _ended.SetResult();
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out var command))
        {
            Interlocked.Decrement(ref _waiting);
            if (command.Replay is { } replay)
            {
                _replays.Enqueue(replay);
            }
            else if (command.Open)
            {
                _ports.Add(command.Pair);
                Raise(DeviceEventKind.PortOpened, command.Pair.Rtp);
                Raise(DeviceEventKind.PortOpened, command.Pair.Rtcp);
            }
            else
            {
                Step();
                Close(command.Pair);
            }

            command.Done.TrySetResult(true);
        }
    }

    private void Close(PortPair pair)
    {
        if (_ports.Remove(pair))
        {
            _current?.Forget(pair);
            Raise(DeviceEventKind.PortClosed, pair.Rtp);
            Raise(DeviceEventKind.PortClosed, pair.Rtcp);
        }
    }

    // Never runs backwards, also when it was ahead.
    private void ReadClock()
    {
        var now = MachineClock.Read();
        _clock = now with { MonotonicNs = Math.Max(now.MonotonicNs, _clock.MonotonicNs) };
    }

    // Hands up what is due. Returns how long until there is more, 0 for at once.
    private long Step()
    {
        if (_current is null)
        {
            if (!_replays.TryDequeue(out _current))
            {
                return RestNs;
            }

            _ports.Reset();
        }

        try
        {
            return Step(_current);
        }
        catch (Exception e) when (e is CaptureFileException or IOException or ObjectDisposedException)
        {
            _current.Fail(e);
            _current = null;
            return 0;
        }
    }

    private long Step(PcapReplay replay)
    {
        var beganNs = _clock.MonotonicNs;
        for (var i = 0; i < MaxPerStep; i++)
        {
            if (!replay.HasNext && !replay.TryReadNext(_ports))
            {
                replay.End();
                _current = null;
                return 0;
            }

            replay.StartNs ??= _clock.MonotonicNs;
            var aheadNs = replay.DueNs - _clock.MonotonicNs;
            if (aheadNs > 0 && _atRecordedSpeed)
            {
                return Math.Min(aheadNs, RestNs);
            }

            if (replay.DueNs - beganNs > RestNs && !_atRecordedSpeed)
            {
                // Time passes before what comes after it.
                _clock = _clock with { MonotonicNs = Math.Min(replay.DueNs, beganNs + RestNs) };
                return 0;
            }

            _clock = _clock with { MonotonicNs = Math.Max(_clock.MonotonicNs, replay.DueNs) };
            Deliver(replay.Take());
        }

        return 0;
    }

    private void Deliver(Datagram datagram) => _sink.OnBatch(new DatagramBatch
    {
        Shard = 0,
        RealTimeOffsetNs = _clock.RealTimeOffsetNs,
        Datagrams = new ReadOnlySpan<Datagram>(in datagram),
    });

    private void Raise(DeviceEventKind kind, ushort port) => _sink.OnEvent(new DeviceEvent
    {
        Kind = kind, Shard = 0, LocalPort = port, Clock = _clock,
    });

    private readonly record struct Command(
        PortPair Pair, bool Open, PcapReplay? Replay, TaskCompletionSource<bool> Done);
}
