using Talreg.Capture.Rtcp;
using Talreg.Capture.Rtp;
using Talreg.Hardware;

namespace Talreg.Capture.Streams;

/// <summary>What reports say of the stream, and what those of its sender say. Of what came, stored or not.</summary>
internal sealed partial class CaptureStream
{
    private readonly Reception _reception = new();

    /// <summary>A consistent copy of what came. Any thread; tries again while a batch is being taken in.</summary>
    internal void CopyReception(Reception copy)
    {
        PacketRun run;
        var spin = default(SpinWait);
        while (true)
        {
            var version = Volatile.Read(ref _run.Version);
            _reception.CopyTo(copy);
            run = _run;
            Interlocked.MemoryBarrier();
            if ((version & 1) == 0 && version == Volatile.Read(ref _run.Version))
            {
                run.AddTo(copy);
                return;
            }

            spin.SpinOnce();
        }
    }

    // An event repeats the timestamp of its beginning: that is no jitter.
    private void NoteOwn(bool rtp, in Datagram datagram)
    {
        var packet = datagram.Bytes;
        if (rtp)
        {
            _reception.Add(packet, datagram.ArrivalNs, IsDigit(packet) ? 0 : _plan.ClockRate);
        }
        else
        {
            ReadReports(datagram);
        }
    }

    private void ReadReports(in Datagram datagram)
    {
        if (!RtcpReader.IsCompound(datagram.Bytes))
        {
            _counters.InvalidReports++;
            return;
        }

        // Nobody is believed to be the stream's sender by a report alone.
        if (_latched)
        {
            _reception.NoteReporter(datagram.Source, RtpPacket.Reporter(datagram.Bytes));
        }

        var reader = new RtcpReader(datagram.Bytes);
        while (reader.MoveNext())
        {
            if (reader.TryReadSender(out var report))
            {
                _counters.SenderReport = report;
                _counters.SenderReportNs = datagram.ArrivalNs;
                _reception.NoteReport(report, datagram.ArrivalNs);
            }
            else if (reader.Type == RtcpReader.ByeType)
            {
                _counters.Goodbyes++;
            }
        }
    }
}
