using Talreg.Capture.Quality;
using Talreg.Capture.Rtcp;

namespace Talreg.Capture.Streams;

/// <summary>Counts of one stream; their meaning stands in <see cref="StreamSnapshot"/>. Copied by value.</summary>
internal struct StreamCounters
{
    internal long Packets;
    internal long Lost;
    internal long FirstUnixNs;
    internal long LastUnixNs;
    internal long LastPacketNs;
    internal long Rtcp;
    internal long LostWhilePaused;
    internal long KernelDrops;
    internal long OwnDrops;
    internal long Late;
    internal long Duplicates;
    internal long Foreign;
    internal long Suppressed;
    internal long Prebuffered;
    internal long Invalid;
    internal long Unauthenticated;
    internal long Replayed;
    internal long Digits;
    internal long SsrcChanges;
    internal long SourceChanges;
    internal LossPattern Pattern;
    internal SenderReport SenderReport;
    internal long SenderReportNs;
    internal long Goodbyes;
    internal long InvalidReports;
    internal int PortError;
    internal bool KernelDropsShared;
    internal bool PreBufferShort;
}
