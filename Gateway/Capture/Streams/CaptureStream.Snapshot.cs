using Talreg.Capture.Quality;

namespace Talreg.Capture.Streams;

/// <summary>The counts as others see them.</summary>
internal sealed partial class CaptureStream
{
    /// <summary>A consistent copy of the counts. Any thread; tries again while a batch is being taken in.</summary>
    internal StreamSnapshot Snapshot(long realTimeOffsetNs)
    {
        StreamCounters counters;
        PacketRun run;
        CaptureGap[] gaps;
        InterarrivalJitter jitter;
        var spin = default(SpinWait);
        while (true)
        {
            var version = Volatile.Read(ref _run.Version);
            counters = _counters;
            run = _run;
            jitter = _reception.Jitter;
            gaps = _gaps.Copy(_index, realTimeOffsetNs);
            Interlocked.MemoryBarrier();
            if ((version & 1) == 0 && version == Volatile.Read(ref _run.Version))
            {
                run.AddTo(ref counters);
                return ToSnapshot(counters, run.Packets == 0 ? jitter : run.Jitter, gaps);
            }

            spin.SpinOnce();
        }
    }

    private StreamSnapshot ToSnapshot(StreamCounters counters, InterarrivalJitter jitter, CaptureGap[] gaps) => new()
    {
        Index = _index,
        Plan = Plan,
        RtpPort = Ports.Rtp,
        Packets = counters.Packets,
        Rtcp = counters.Rtcp,
        Lost = counters.Lost,
        LostWhilePaused = Math.Min(counters.LostWhilePaused, counters.Lost),
        KernelDrops = counters.KernelDrops,
        KernelDropsShared = counters.KernelDropsShared,
        OwnDrops = counters.OwnDrops,
        Late = counters.Late,
        Duplicates = counters.Duplicates,
        Foreign = counters.Foreign,
        Suppressed = counters.Suppressed,
        Prebuffered = counters.Prebuffered,
        PreBufferShort = counters.PreBufferShort,
        Invalid = counters.Invalid,
        Unauthenticated = counters.Unauthenticated,
        Replayed = counters.Replayed,
        DigitsSuppressed = counters.Digits,
        Quality = Quality(counters, jitter),
        LastSenderReport = counters.SenderReportNs == 0 ? null : counters.SenderReport,
        LastSenderReportNs = counters.SenderReportNs,
        Goodbyes = counters.Goodbyes,
        InvalidReports = counters.InvalidReports,
        SsrcChanges = counters.SsrcChanges,
        SourceChanges = counters.SourceChanges,
        FirstAt = counters.FirstUnixNs == 0 ? null : StreamSnapshot.ToTime(counters.FirstUnixNs),
        LastAt = counters.LastUnixNs == 0 ? null : StreamSnapshot.ToTime(counters.LastUnixNs),
        LastPacketNs = counters.LastPacketNs,
        PortError = counters.PortError,
        Gaps = gaps,
    };
}
