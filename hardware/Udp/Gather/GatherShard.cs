namespace Talreg.Hardware.Udp.Gather;

/// <summary>
/// Reads one socket into which the kernel steers every port of the shard. It drains lazily: after a read that did not fill
/// it rests, so that the next one finds more. Ports cost a table entry, no descriptor and no system call per read.
/// </summary>
internal sealed class GatherShard : UdpShard
{
    private const int BatchCapacity = 256;

    // Under a flood the shard still looks at its commands and lets time pass.
    private const int MaxReads = 64;
    private const long IdleRestNs = 20_000_000;
    private const long DropsIntervalNs = 1_000_000_000;

    private readonly GatherSocket _socket;
    private readonly Steering _steering;
    private readonly int _steeredTo;
    private readonly long _restNs;
    private readonly bool _holdPorts;
    private readonly ReceiveBlock _block;
    private readonly List<UdpPort> _closing = [];

    // By local port: when it was opened, monotonic; 0 while it is not open.
    private readonly long[] _openedNs = new long[65536];
    private DropCounter _drops = new(0);
    private long _dropsDueNs;
    private int _openPorts;
    private bool _failed;

    /// <summary>Makes a shard.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="socket">Its socket; the caller disposes it.</param>
    /// <param name="steering">Knows the socket under the shard's number.</param>
    /// <param name="options">How to receive.</param>
    /// <param name="sink">Gets everything.</param>
    internal GatherShard(
        int index, GatherSocket socket, Steering steering, UdpDeviceOptions options, ICaptureSink sink)
        : base(index, $"udp-gather-{index}", sink)
    {
        _steeredTo = index;
        _socket = socket;
        _steering = steering;
        _holdPorts = options.HoldPorts;
        _restNs = options.RestInterval.Ticks * TimeSpan.NanosecondsPerTick;
        _block = new ReceiveBlock(BatchCapacity, options.MaxDatagramBytes);
    }

    public override void Dispose() => _block.Dispose();

    protected override long Read()
    {
        if (Drain(MaxReads * BatchCapacity))
        {
            return 0;
        }

        // Drops behind which nothing came are told here; what waits carries its own.
        if (NowNs >= _dropsDueNs)
        {
            _dropsDueNs = NowNs + DropsIntervalNs;
            ReportDrops(_socket.ReadDrops(_drops.Seen), ref _drops);
        }

        return _openPorts == 0 || _failed ? IdleRestNs : _restNs;
    }

    // The port is bound, so no other program has it; from here on the kernel steers its datagrams past that socket.
    protected override void Open(UdpPort port)
    {
        var error = _failed ? LibC.BadDescriptor : _steering.Steer(port.Number, _steeredTo);
        Raise(DeviceEventKind.PortOpened, port.Number, 0);
        if (error != 0)
        {
            Raise(DeviceEventKind.PortFailed, port.Number, error);
        }

        _openedNs[port.Number] = port.OpenedNs;
        port.IsOpen = true;
        _openPorts++;
        if (!_holdPorts)
        {
            port.Dispose();
        }
    }

    protected override void Close(UdpPort port)
    {
        _steering.Release(port.Number);
        port.IsOpen = false;
        _closing.Add(port);
    }

    // What waits in the socket now came before the ports were released, or is of other ports.
    protected override void FinishClosing()
    {
        Drain(_socket.MostWaiting());
        ReportDrops(_socket.ReadDrops(_drops.Seen), ref _drops);
        foreach (var port in _closing)
        {
            Forget(port.Number);
        }

        _closing.Clear();
    }

    protected override void CloseAll()
    {
        for (var port = 0; port < _openedNs.Length; port++)
        {
            if (_openedNs[port] != 0)
            {
                _steering.Release((ushort)port);
            }
        }

        FinishClosing();
        for (var port = 0; port < _openedNs.Length; port++)
        {
            if (_openedNs[port] != 0)
            {
                Forget((ushort)port);
            }
        }
    }

    private void Forget(ushort port)
    {
        _openedNs[port] = 0;
        _openPorts--;
        Raise(DeviceEventKind.PortClosed, port, 0);
    }

    // True when there may be more.
    private bool Drain(int most)
    {
        for (var read = 0; !_failed && read <= most; read += BatchCapacity)
        {
            var count = _block.Read(_socket.Descriptor);
            if (count < 0)
            {
                Fail(-count);
                return false;
            }

            var kept = _block.DescribeGathered(count, _openedNs, ScanClock, _drops.Seen);
            Deliver(_block.Datagrams(kept), _block.Drops(kept), ref _drops);
            if (count < BatchCapacity)
            {
                return false;
            }
        }

        return !_failed;
    }

    private void Fail(int error)
    {
        _failed = true;
        for (var port = 0; port < _openedNs.Length; port++)
        {
            if (_openedNs[port] != 0)
            {
                _steering.Release((ushort)port);
                Raise(DeviceEventKind.PortFailed, (ushort)port, error);
            }
        }
    }
}
