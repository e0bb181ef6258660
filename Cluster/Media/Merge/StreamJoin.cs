using Talreg.Media.Rtp;
using Talreg.Media.Timeline;

namespace Talreg.Media.Merge;

/// <summary>How a take's stream goes together with a stream of the merge.</summary>
/// <param name="How">By what.</param>
/// <param name="Matches">How many packets say so.</param>
/// <param name="Maps">The sources that change their numbers; none where they keep them.</param>
/// <param name="Shifts">For each packet that both have, how much later it came here, in nanoseconds.</param>
internal sealed record StreamJoin(
    MergeJoin How, int Matches, IReadOnlyList<SourceMap> Maps, IReadOnlyList<long> Shifts)
{
    // Packets of one number and two timestamps, closer than this, are not of one source: no sequence comes round so
    // soon.
    private const long RoundNs = 60_000_000_000;

    /// <summary>Finds it.</summary>
    /// <param name="merged">The stream of the merge.</param>
    /// <param name="stream">The stream of a take, on the same clock but for the takes' clocks' own error.</param>
    /// <returns>Null when nothing says that they belong together.</returns>
    public static StreamJoin? Find(StreamMerge merged, AudioStream stream)
    {
        var isEmpty = merged.Count == 0 || stream.Packets.Count == 0;
        return (isEmpty ? null : BySource(merged, stream) ?? ByPayload(merged, stream))
            ?? (merged.Audio.Label == stream.Label && (isEmpty || FollowOneAnother(merged, stream))
                ? new StreamJoin(MergeJoin.Label, 0, [], [])
                : null);
    }

    private static bool FollowOneAnother(StreamMerge merged, AudioStream stream)
    {
        var (first, last) = Span(merged.Packets);
        var (from, to) = Span(stream.Packets);
        return last < from || to < first;
    }

    private static (long FirstNs, long LastNs) Span(IReadOnlyList<StoredPacket> packets) =>
        (packets.Min(stored => stored.ArrivalNs), packets.Max(stored => stored.ArrivalNs));

    private static StreamJoin? BySource(StreamMerge merged, AudioStream stream)
    {
        var shifts = new List<long>();
        var conflicts = 0;
        var shared = false;
        foreach (var stored in stream.Packets)
        {
            if (!RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _) || !merged.HasSource(rtp.Ssrc))
            {
                continue;
            }

            shared = true;
            if (merged.TryFind(PacketKey.Of(rtp), out var arrivalNs))
            {
                shifts.Add(stored.ArrivalNs - arrivalNs);
            }
            else if (merged.TryFindNumber(rtp.Ssrc, rtp.SequenceNumber, out arrivalNs)
                && Math.Abs(stored.ArrivalNs - arrivalNs) < RoundNs)
            {
                conflicts++;
            }
        }

        return shared && conflicts <= shifts.Count ? new StreamJoin(MergeJoin.Source, shifts.Count, [], shifts) : null;
    }

    private static StreamJoin? ByPayload(StreamMerge merged, AudioStream stream)
    {
        var shifts = new List<long>();
        var maps = PayloadOffset.Find(merged.Packets, stream.Packets, shifts);
        return maps.Count > 0 ? new StreamJoin(MergeJoin.Payload, shifts.Count, maps, shifts) : null;
    }
}
