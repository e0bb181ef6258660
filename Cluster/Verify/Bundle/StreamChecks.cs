namespace Talreg.Verify;

/// <summary>The descriptor's counts per stream against what the chunks hold.</summary>
internal static class StreamChecks
{
    private static readonly StreamTotals Empty = new();

    public static void Run(Findings findings, string member, Descriptor descriptor, WalkResult found)
    {
        for (var i = 0; i < descriptor.Streams.Count; i++)
        {
            var stream = descriptor.Streams[i];
            var totals = found.Streams.GetValueOrDefault(i, Empty);
            var subject = $"{member} stream {i}";

            // Without keys this bound is all there is: headers count control packets too.
            findings.Check(
                CheckNames.DescriptorCounts,
                subject,
                found.Whole && totals.HeaderPackets >= stream.Packets,
                $"{stream.Packets} media packets of {totals.HeaderPackets} in {totals.Chunks} chunks",
                $"{stream.Packets} media packets described, but the chunk headers count {totals.HeaderPackets} in all");
            if (totals.Unread > 0 || !found.Whole)
            {
                findings.Skip(
                    CheckNames.Gaps, subject, $"{totals.Unread} of {totals.Chunks} chunks unread: cannot be counted");
                continue;
            }

            var foreignMax = totals.ForeignMedia + totals.ForeignControl;
            findings.Check(
                CheckNames.PacketCounts,
                subject,
                totals.Media == stream.Packets
                    && stream.Foreign >= totals.ForeignMedia
                    && stream.Foreign <= foreignMax,
                $"{totals.Media} media packets, {stream.Foreign} foreign",
                $"holds {totals.Media} media and {totals.ForeignMedia} to {foreignMax} foreign packets; "
                + $"the descriptor says {stream.Packets} and {stream.Foreign}");
            Gaps(findings, subject, stream, totals.Sequence);
        }
    }

    private static void Gaps(Findings findings, string subject, DescribedStream stream, SequenceTracker sequence)
    {
        if (sequence.TooManySsrcs)
        {
            findings.Fail(CheckNames.Limits, subject, $"over {Limits.MaxSsrcsPerStream} SSRCs in one stream");
            return;
        }

        findings.Check(
            CheckNames.Gaps,
            subject,
            sequence.Missing == stream.Lost,
            $"{stream.Lost} sequence numbers missing over {sequence.Ssrcs} SSRCs, as described",
            $"{sequence.Missing} sequence numbers are missing, the descriptor says {stream.Lost}");
    }
}
