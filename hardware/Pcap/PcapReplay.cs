using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Pcap;

/// <summary>One file on its way to the sink. The shard's thread alone, once it was handed over.</summary>
internal sealed unsafe class PcapReplay(CaptureFile file)
{
    private readonly TaskCompletionSource<PcapReport> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Datagram _next;
    private long? _firstUnixNs;
    private long _nextDelayNs;
    private long _frames;
    private long _delivered;
    private long _unmapped;
    private long _notUdp;
    private long _fragments;
    private long _malformed;
    private long _otherLink;

    /// <summary>Completes when the file has ended, or could not be read on.</summary>
    internal Task<PcapReport> Done => _done.Task;

    /// <summary>Monotonic time at which the first datagram was due; set by the shard when it begins.</summary>
    internal long? StartNs { get; set; }

    /// <summary>True while a datagram waits for its time.</summary>
    internal bool HasNext { get; private set; }

    /// <summary>When the datagram that waits is due, in monotonic time; only after <see cref="StartNs"/>.</summary>
    internal long DueNs => StartNs.GetValueOrDefault() + _nextDelayNs;

    /// <summary>Reads on to the next datagram for which a port is open.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="CaptureFileException">The file is damaged.</exception>
    internal bool TryReadNext(PcapPortMap ports)
    {
        while (file.TryRead(out var frame))
        {
            _frames++;
            if (TryDescribe(frame, ports))
            {
                HasNext = true;
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives the datagram that waits, as arrived when it was due.</summary>
    internal Datagram Take()
    {
        HasNext = false;
        _delivered++;
        return _next.At(DueNs);
    }

    /// <summary>A pair is closed: what waits for it has no port any more.</summary>
    internal void Forget(PortPair pair)
    {
        if (HasNext && (_next.LocalPort == pair.Rtp || _next.LocalPort == pair.Rtcp))
        {
            HasNext = false;
            _unmapped++;
        }
    }

    internal void End() => _done.TrySetResult(new PcapReport
    {
        Frames = _frames,
        Delivered = _delivered,
        Unmapped = _unmapped,
        NotUdp = _notUdp,
        Fragments = _fragments,
        Malformed = _malformed,
        OtherLink = _otherLink,
    });

    internal void Fail(Exception failure) => _done.TrySetException(failure);

    internal void Cancel() => _done.TrySetCanceled();

    private bool TryDescribe(in CapturedFrame frame, PcapPortMap ports)
    {
        if (!LinkLayer.IsKnown(frame.LinkType))
        {
            _otherLink++;
            return false;
        }

        var verdict = IpVerdict.Other;
        UdpInIp datagram = default;
        if (LinkLayer.TryStrip(frame.LinkType, frame.Bytes, out var packet))
        {
            verdict = UdpInIp.Read(packet, out datagram);
        }

        switch (verdict)
        {
            case IpVerdict.Udp:
                return TryPlace(frame.UnixNs, datagram, ports);
            case IpVerdict.Fragment:
                _fragments++;
                return false;
            case IpVerdict.Malformed:
                _malformed++;
                return false;
            default:
                _notUdp++;
                return false;
        }
    }

    private bool TryPlace(long? unixNs, in UdpInIp datagram, PcapPortMap ports)
    {
        var port = ports.Find(datagram.Destination);
        if (port == 0)
        {
            _unmapped++;
            return false;
        }

        // A packet without a time comes with the one before it; one that goes back in time, at once.
        _firstUnixNs ??= unixNs;
        _nextDelayNs = unixNs is { } time ? Math.Max(0, time - _firstUnixNs.GetValueOrDefault()) : _nextDelayNs;
        var flags = unixNs is null ? DatagramFlags.EstimatedArrival : DatagramFlags.None;
        flags |= datagram.IsTruncated ? DatagramFlags.Truncated : DatagramFlags.None;

        // The bytes are pinned and stay until the next frame is read.
        ref var first = ref MemoryMarshal.GetReference(datagram.Payload);
        _next = new Datagram(
            (nint)Unsafe.AsPointer(ref first), datagram.Payload.Length, port, 0, datagram.Source, flags);
        return true;
    }
}
