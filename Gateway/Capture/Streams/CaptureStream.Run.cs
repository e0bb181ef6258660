using Talreg.Capture.Rtp;
using Talreg.Hardware;

namespace Talreg.Capture.Streams;

/// <summary>The short way of packets that follow one another: where it begins and what it adds up to.</summary>
internal sealed partial class CaptureStream
{
    private PacketRun _run;

    /// <summary>A hint that a packet of this stream comes soon. Shard thread.</summary>
    internal void Prefetch() => CacheLine.Prefetch(ref _run);

    /// <summary>A hint that a packet of a length comes next, a while after the other one. Shard thread.</summary>
    internal void PrefetchPlace(int packetLength) => _run.PrefetchPlace(packetLength);

    /// <summary>
    /// Ends a run and counts its packets: before anything else is done with the stream, and when something begins that
    /// each packet must see. Shard thread, within a change.
    /// </summary>
    private void EndRun()
    {
        if (!_run.IsOpen)
        {
            return;
        }

        _run.End();
        if (_run.Packets == 0)
        {
            return;
        }

        _chunk.Extend(_run.Length, _run.Packets, _run.LastNs);
        for (var i = 0; i < _run.Packets; i++)
        {
            _current!.AddNext();
        }

        Judge(_current!, _current!.Highest, skipped: 0, paused: false);
        _run.AddTo(ref _counters);
        _run.AddTo(_reception);
        _sourceNs = Math.Max(_sourceNs, _run.LastNs);
        _storedNs = _run.LastNs;
        _run.Clear();
    }

    /// <summary>Something begins that every packet must see. Shard thread.</summary>
    internal void Interrupt()
    {
        BeginChange();
        EndRun();
        EndChange();
    }

    // Behind the newest packet of the stream's own source, with nothing left to explain and nobody else to be shown it.
    private void BeginRun(in Datagram packet)
    {
        if (_srtp is null && _take.Taps.Length == 0 && _kept is null && !IsDigit(packet.Bytes)
            && RtpPacket.IsUnambiguous(packet.Bytes))
        {
            _run.Begin(packet, _plan.ClockRate, _reception.Jitter, _chunk.PlaceOf(packet.Source, _startNs, SlotNs));
        }
    }
}
