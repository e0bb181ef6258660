using Talreg.Capture;
using Talreg.Contracts.Calls;
using Talreg.Gateway.Sessions;

namespace Talreg.Gateway.Sealing;

/// <summary>Turns what capture knows of a closed take into what is sealed.</summary>
internal static class FinishedTakes
{
    /// <summary>A take that ended in order.</summary>
    public static FinishedTake FromCapture(
        RecordingSession session, CaptureTake take, TakeResult result, EndReason reason, GatewayOptions options)
    {
        var document = session.Document(take, result.Final, options.Gateway, @sealed: false) with
        {
            CommittedChunks = (long)result.Closed.Chunks,
        };
        var flags = session.Admission.Flags.Concat(session.Flags);
        if (result.Final.Streams.Any(stream => stream.KernelDropsShared))
        {
            flags = flags.Append(CallFlags.SharedDrops);
        }

        // Here again: the call may have ended before it was noted alive.
        if (result.Final.Streams.Any(stream => stream.PreBufferShort))
        {
            flags = flags.Append(CallFlags.PreBufferShort);
        }

        return new FinishedTake
        {
            Admission = session.Admission,
            Take = document,
            Formats =
            [
                .. result.Final.Streams.Select(stream =>
                    (stream.Plan.PayloadType, stream.Plan.ClockRate, stream.Plan.Formats)),
            ],
            StartedAt = session.Facts!.StartedAt,
            StartMonotonicNs = session.Facts.StartMonotonicNs,
            EndedAt = result.Closed.ClosedAt,
            Reason = reason,
            Flags = FlagsOf(document, flags),
            Gaps = [.. result.Final.Streams.SelectMany(stream => stream.Gaps).Select(ToGap)],
            Closed = result.Closed,
            Known = session.Known,
        };
    }

    /// <summary>The flags of a finished take: those known before, and those its counters raise.</summary>
    public static IReadOnlyList<string> FlagsOf(TakeDocument take, IEnumerable<string> before)
    {
        var flags = new SortedSet<string>(before, StringComparer.Ordinal);
        if (take.Streams.Any(stream => stream.Lost > 0))
        {
            flags.Add(CallFlags.PacketsLost);
        }

        if (take.Streams.Any(stream => stream.Foreign > 0))
        {
            flags.Add(CallFlags.ForeignPackets);
        }

        if (take.Streams.Any(stream => stream.Unauthenticated > 0))
        {
            flags.Add(CallFlags.UnauthenticatedPackets);
        }

        if (take.Streams.All(stream => stream.Packets == 0))
        {
            flags.Add(CallFlags.NoMedia);
        }

        return [.. flags];
    }

    private static TakeGap ToGap(CaptureGap gap) =>
        new(gap.Stream, gap.From, gap.To, gap.Reason.ToWord(), gap.Packets);
}
