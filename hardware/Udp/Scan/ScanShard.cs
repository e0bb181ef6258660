using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Udp.Scan;

/// <summary>Every scan interval each port's own socket is drained with recvmmsg. Needs no privilege.</summary>
internal sealed class ScanShard(int index, UdpDeviceOptions options, ICaptureSink sink)
    : UdpShard(index, $"udp-scan-{index}", sink)
{
    private const int BatchCapacity = 64;

    // A port that never runs dry must not starve the others: 64 reads of 64 datagrams, then the next port.
    private const int MaxReadsPerPort = 64;

    private readonly long _intervalNs = options.ScanInterval.Ticks * TimeSpan.NanosecondsPerTick;
    private readonly ReceiveBlock _block = new(BatchCapacity, options.MaxDatagramBytes);
    private readonly List<UdpPort> _ports = [];
    private long _dueNs;

    public override void Dispose() => _block.Dispose();

    protected override long Read()
    {
        if (NowNs >= _dueNs)
        {
            for (var i = _ports.Count - 1; i >= 0; i--)
            {
                Drain(_ports[i]);
            }

            _dueNs = Math.Max(_dueNs + _intervalNs, NowNs);
        }

        return _dueNs - MachineClock.MonotonicNs();
    }

    protected override void Open(UdpPort port)
    {
        port.IsOpen = true;
        port.Place = _ports.Count;
        _ports.Add(port);
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
        for (var i = _ports.Count - 1; i >= 0; i--)
        {
            Close(_ports[i]);
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

    // The last port takes the place of the one that goes; scans run downwards, so none is left out.
    private void Remove(UdpPort port)
    {
        var last = _ports[^1];
        _ports[port.Place] = last;
        last.Place = port.Place;
        _ports.RemoveAt(_ports.Count - 1);
        port.IsOpen = false;
        port.Dispose();
    }
}
