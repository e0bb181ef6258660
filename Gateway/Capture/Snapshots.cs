using Talreg.Capture.Quality;
using Talreg.Capture.Rtcp;
using Talreg.Store.Journal;

namespace Talreg.Capture;

/// <summary>Why something is missing.</summary>
public enum GapReason
{
    /// <summary>It never reached the machine, or left its sender never.</summary>
    Network,

    /// <summary>The kernel's buffer was full.</summary>
    Kernel,

    /// <summary>Recording was off by command, by verdict or by the stream's direction.</summary>
    Paused,

    /// <summary>The journal could not take it.</summary>
    Overload,
}

/// <summary>The words for <see cref="GapReason"/> in descriptors and leaves.</summary>
public static class GapReasons
{
    /// <summary>The word.</summary>
    public static string ToWord(this GapReason reason) => reason switch
    {
        GapReason.Network => "network",
        GapReason.Kernel => "kernel",
        GapReason.Paused => "paused",
        GapReason.Overload => "overload",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };
}

/// <summary>A declared gap.</summary>
/// <param name="Stream">0-based stream.</param>
/// <param name="Reason">Why.</param>
/// <param name="From">The last arrival before, or when recording stopped.</param>
/// <param name="To">The first arrival after, or when recording went on.</param>
/// <param name="Packets">Packets missing; 0 for a pause in which none came.</param>
public sealed record CaptureGap(int Stream, GapReason Reason, DateTimeOffset From, DateTimeOffset To, long Packets);

/// <summary>One stream at one moment. Counts are of packets since the stream joined.</summary>
public sealed record StreamSnapshot
{
    /// <summary>0-based, in the order streams joined the take.</summary>
    public required int Index { get; init; }

    /// <summary>What was agreed for it, as last set.</summary>
    public required StreamPlan Plan { get; init; }

    /// <summary>The local RTP port; RTCP is one above.</summary>
    public required ushort RtpPort { get; init; }

    /// <summary>RTP packets stored that are the stream's own, duplicates included.</summary>
    public required long Packets { get; init; }

    /// <summary>RTCP packets stored that are the stream's own.</summary>
    public required long Rtcp { get; init; }

    /// <summary>
    /// Extended sequence numbers missing between the lowest and the highest stored, per SSRC, summed; foreign packets
    /// and RTCP left out, duplicates counted once. Whatever the cause: what a verifier counts.
    /// </summary>
    public required long Lost { get; init; }

    /// <summary>Of <see cref="Lost"/>, those that came while recording was off: not a loss to anyone.</summary>
    public required long LostWhilePaused { get; init; }

    /// <summary>Datagrams the kernel dropped at the stream's ports, or at its shard while the stream was open.</summary>
    public required long KernelDrops { get; init; }

    /// <summary>True when the shard's ports share a buffer: <see cref="KernelDrops"/> is the most it can have lost.</summary>
    public required bool KernelDropsShared { get; init; }

    /// <summary>Packets received that the journal could not take.</summary>
    public required long OwnDrops { get; init; }

    /// <summary>Packets that came after their successor.</summary>
    public required long Late { get; init; }

    /// <summary>Packets that were there already; stored.</summary>
    public required long Duplicates { get; init; }

    /// <summary>RTP and RTCP packets from another source than the stream's; stored, and flagged in their frames.</summary>
    public required long Foreign { get; init; }

    /// <summary>Packets received while recording was off; not stored.</summary>
    public required long Suppressed { get; init; }

    /// <summary>Packets in the pre-buffer now: each will be stored, or counted as suppressed.</summary>
    public required long Prebuffered { get; init; }

    /// <summary>True once less was kept in the pre-buffer than was asked for: its budget was used up, or there is none.</summary>
    public required bool PreBufferShort { get; init; }

    /// <summary>Datagrams that are neither RTP nor RTCP, or longer than can be stored; not stored.</summary>
    public required long Invalid { get; init; }

    /// <summary>
    /// SRTP packets that no key of the stream authenticates, forged or damaged; not stored, and part of nothing else.
    /// </summary>
    public required long Unauthenticated { get; init; }

    /// <summary>SRTP packets that were there before, or came too late to tell; not stored.</summary>
    public required long Replayed { get; init; }

    /// <summary>Of <see cref="Suppressed"/>, telephone events while digits were not to be stored.</summary>
    public required long DigitsSuppressed { get; init; }

    /// <summary>How well it came; null before the first packet. Judged up to the last 32 packets while the take lives.</summary>
    public required StreamQuality? Quality { get; init; }

    /// <summary>The sender's last report, which ties its RTP clock to its wall clock; null for none.</summary>
    public required SenderReport? LastSenderReport { get; init; }

    /// <summary>Arrival of that report, in ns of CLOCK_MONOTONIC; 0 for none.</summary>
    public required long LastSenderReportNs { get; init; }

    /// <summary>BYE packets of the sender. They end nothing: signalling does.</summary>
    public required long Goodbyes { get; init; }

    /// <summary>RTCP packets that are no valid compound (RFC 3550 A.2); stored like others.</summary>
    public required long InvalidReports { get; init; }

    /// <summary>How often another SSRC took over.</summary>
    public required long SsrcChanges { get; init; }

    /// <summary>How often another address took over after 2 s of silence.</summary>
    public required long SourceChanges { get; init; }

    /// <summary>Arrival of the first packet stored.</summary>
    public required DateTimeOffset? FirstAt { get; init; }

    /// <summary>Arrival of the last packet stored.</summary>
    public required DateTimeOffset? LastAt { get; init; }

    /// <summary>Arrival of the last packet of its own, stored or not, in ns of CLOCK_MONOTONIC; 0 for none.</summary>
    public required long LastPacketNs { get; init; }

    /// <summary>The errno with which one of its ports failed; 0 while both are read.</summary>
    public required int PortError { get; init; }

    /// <summary>What is missing, oldest first; at most 64, neighbours merged.</summary>
    public required IReadOnlyList<CaptureGap> Gaps { get; init; }

    internal static DateTimeOffset ToTime(long unixNs) =>
        DateTimeOffset.UnixEpoch.AddTicks(unixNs / TimeSpan.NanosecondsPerTick);
}

/// <summary>A take at one moment; its streams are each consistent in themselves.</summary>
public sealed record TakeSnapshot
{
    /// <summary>Chunks on stable storage.</summary>
    public required ulong CommittedChunks { get; init; }

    /// <summary>True while what arrives is stored.</summary>
    public required bool Recording { get; init; }

    /// <summary>Arrival of the last packet of any stream, in ns of CLOCK_MONOTONIC; 0 for none. For media timeouts.</summary>
    public required long LastPacketNs { get; init; }

    /// <summary>The streams, by index.</summary>
    public required IReadOnlyList<StreamSnapshot> Streams { get; init; }
}

/// <summary>A take that was closed.</summary>
/// <param name="Closed">What the journal says of it.</param>
/// <param name="Final">Its counts; nothing is added any more.</param>
public sealed record TakeResult(ClosedTake Closed, TakeSnapshot Final);

/// <summary>
/// Counts over all takes since the engine was made.
/// <c>Received = Stored + Suppressed + OwnDrops + Invalid + Unrouted + Prebuffered</c>; what was offered to the machine's
/// sockets is <c>Received + KernelDrops</c>.
/// </summary>
/// <param name="Received">Datagrams read.</param>
/// <param name="Stored">Packets put into chunks.</param>
/// <param name="Suppressed">Packets that came while recording was off.</param>
/// <param name="OwnDrops">Packets the journal could not take.</param>
/// <param name="Invalid">Datagrams that are no RTP or RTCP, or not authentic where they must be.</param>
/// <param name="Unrouted">Datagrams at a port of no take.</param>
/// <param name="KernelDrops">Datagrams the kernel dropped.</param>
/// <param name="Chunks">Chunks handed to the journal.</param>
/// <param name="Bytes">Plain text in them.</param>
/// <param name="OpenStreams">Streams open now.</param>
/// <param name="PortFailures">Ports that failed while open.</param>
/// <param name="Prebuffered">Packets in pre-buffers now, neither stored nor given up yet.</param>
/// <param name="PreBufferShort">Streams of which less was kept in the pre-buffer than was asked for.</param>
public sealed record CaptureTotals(
    long Received,
    long Stored,
    long Suppressed,
    long OwnDrops,
    long Invalid,
    long Unrouted,
    long KernelDrops,
    long Chunks,
    long Bytes,
    int OpenStreams,
    long PortFailures,
    long Prebuffered,
    long PreBufferShort);
