using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Udp.Scan;

/// <summary>
/// Every scan interval each media port's own socket is drained with recvmmsg, and a tenth of the control ports', where
/// something comes every few seconds (RFC 3550 §6.2). Needs no privilege.
/// </summary>
internal sealed class ScanShard(int index, UdpDeviceOptions options, ICaptureSink sink)
    : UdpShard(index, $"udp-scan-{index}", sink)
{
    private const int BatchCapacity = 64;

    // A port that never runs dry must not starve the others: 64 reads of 64 datagrams, then the next port.
    private const int MaxReadsPerPort = 64;

    private const int ControlRounds = 10;

    private readonly long _intervalNs = options.ScanInterval.Ticks * TimeSpan.NanosecondsPerTick;
    private readonly ReceiveBlock _block = new(BatchCapacity, options.MaxDatagramBytes);
    private readonly List<UdpPort> _media = [];
    private readonly List<UdpPort> _control = [];
    private int _nextControl;
    private long _dueNs;

    public override void Dispose() => _block.Dispose();

    protected override long Read()
    {
        if (NowNs >= _dueNs)
        {
            for (var i = _media.Count - 1; i >= 0; i--)
            {
                Drain(_media[i]);
            }

            DrainControl();
            _dueNs = Math.Max(_dueNs + _intervalNs, NowNs);
        }

        return _dueNs - MachineClock.MonotonicNs();
    }

    protected override void Open(UdpPort port)
    {
        port.IsOpen = true;
        var ports = PortsLike(port);
        port.Place = ports.Count;
        ports.Add(port);
        Raise(DeviceEventKind.PortOpened, port.Number, 0);
    }

    protected override void Close(UdpPort port)
    {
        ReadClock();
        Drain(port);
        if (port.IsOpen)
        {
            ReportDrops(port.ReadDrops(), ref port.Drops);
            Remove(port);
        }

        Raise(DeviceEventKind.PortClosed, port.Number, 0);
    }

    // Each port was drained when it was closed.
    protected override void FinishClosing()
    {
    }

    protected override void CloseAll()
    {
        foreach (var ports in (ReadOnlySpan<List<UdpPort>>)[_media, _control])
        {
            for (var i = ports.Count - 1; i >= 0; i--)
            {
                Close(ports[i]);
            }
        }
    }

    // Downwards, as all scans; a port that takes the place of one that went is read one round later at most.
    private void DrainControl()
    {
        for (var rest = (_control.Count + ControlRounds - 1) / ControlRounds; rest > 0 && _control.Count > 0; rest--)
        {
            _nextControl = _nextControl <= 0 || _nextControl > _control.Count ? _control.Count - 1 : _nextControl - 1;
            Drain(_control[_nextControl]);
        }
    }

    private void Drain(UdpPort port)
    {
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

            _block.Describe(count, port.Number, port.OpenedNs, ScanClock, port.Drops.Seen);
            Deliver(_block.Datagrams(count), _block.Drops(count), ref port.Drops);
            if (count < BatchCapacity)
            {
                return;
            }
        }
    }

    private List<UdpPort> PortsLike(UdpPort port) => port.IsControl ? _control : _media;

    // The last port takes the place of the one that goes; scans run downwards, so none is left out.
    private void Remove(UdpPort port)
    {
        var ports = PortsLike(port);
        var last = ports[^1];
        ports[port.Place] = last;
        last.Place = port.Place;
        ports.RemoveAt(ports.Count - 1);
        port.IsOpen = false;
        port.Dispose();
    }
}
