using System.Runtime.InteropServices;
using Talreg.Media.Rtp;
using Talreg.Media.Timeline;

namespace Talreg.Media.Merge;

/// <summary>
/// Finds, where two takes number the same packets differently, how one numbering becomes the other: payloads that come
/// once in either take vote for the offset between their sequence numbers and timestamps.
/// </summary>
internal static class PayloadOffset
{
    // 64-bit FNV-1a. It only finds candidates: what votes has the same bytes.
    private const ulong Basis = 14_695_981_039_346_656_037;
    private const ulong Prime = 1_099_511_628_211;

    /// <summary>The sources of one stream that can be laid upon another's.</summary>
    /// <param name="onto">Packets that stay as they are.</param>
    /// <param name="packets">Packets to be joined.</param>
    /// <param name="shifts">
    /// Takes, for each vote of a source that is joined, how much later it came, in nanoseconds.
    /// </param>
    public static List<SourceMap> Find(
        IReadOnlyList<StoredPacket> onto, IReadOnlyList<StoredPacket> packets, List<long> shifts)
    {
        var known = Unique(onto);
        var votes = new Dictionary<uint, Dictionary<Offset, List<Pair>>>();
        foreach (var (hash, index) in Unique(packets))
        {
            if (index < 0 || !known.TryGetValue(hash, out var other) || other < 0
                || !RtpPacketView.TryParse(onto[other].Packet.Span, out var there, out _)
                || !RtpPacketView.TryParse(packets[index].Packet.Span, out var here, out _)
                || !there.Payload.SequenceEqual(here.Payload))
            {
                continue;
            }

            var offset = new Offset(
                there.Ssrc, (ushort)(here.SequenceNumber - there.SequenceNumber), here.Timestamp - there.Timestamp);
            ref var ofSource = ref CollectionsMarshal.GetValueRefOrAddDefault(votes, here.Ssrc, out _);
            ref var pairs = ref CollectionsMarshal.GetValueRefOrAddDefault(ofSource ??= [], offset, out _);
            (pairs ??= []).Add(new Pair(
                here.PayloadType, there.PayloadType, packets[index].ArrivalNs - onto[other].ArrivalNs));
        }

        var maps = new List<SourceMap>();
        foreach (var (ssrc, offsets) in votes)
        {
            var (offset, pairs) = offsets.MaxBy(one => one.Value.Count);
            if (pairs.Count >= MergeRules.LeastMatches
                && pairs.Count * 100L >= offsets.Values.Sum(one => (long)one.Count) * MergeRules.LeastAgreement)
            {
                shifts.AddRange(pairs.Select(pair => pair.Later));
                maps.Add(new SourceMap(ssrc, offset.ToSsrc, offset.Sequence, offset.Timestamp)
                {
                    PayloadTypes = Types(pairs),
                });
            }
        }

        return maps;
    }

    private static Dictionary<byte, byte> Types(List<Pair> pairs) => pairs
        .GroupBy(pair => pair.Type)
        .ToDictionary(
            group => group.Key,
            group => group.GroupBy(pair => pair.ToType).MaxBy(same => same.Count())!.Key);

    // Silence repeats itself and proves nothing: a payload that comes twice has no index.
    private static Dictionary<ulong, int> Unique(IReadOnlyList<StoredPacket> packets)
    {
        var byHash = new Dictionary<ulong, int>(packets.Count);
        var seen = new HashSet<PacketKey>(packets.Count);
        for (var i = 0; i < packets.Count; i++)
        {
            if (RtpPacketView.TryParse(packets[i].Packet.Span, out var rtp, out _) && !rtp.Payload.IsEmpty
                && seen.Add(PacketKey.Of(rtp)))
            {
                ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    byHash, Hash(rtp.Payload), out var exists);
                index = exists ? -1 : i;
            }
        }

        return byHash;
    }

    private static ulong Hash(ReadOnlySpan<byte> payload)
    {
        var hash = Basis;
        foreach (var b in payload)
        {
            hash = (hash ^ b) * Prime;
        }

        return hash;
    }

    private readonly record struct Offset(uint ToSsrc, ushort Sequence, uint Timestamp);

    private readonly record struct Pair(byte Type, byte ToType, long Later);
}
