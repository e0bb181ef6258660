using Talreg.Media.Timeline;

namespace Talreg.Media.Merge;

/// <summary>
/// Makes one call of the takes that several gateways have of it, packet by packet; the rule is written out in this
/// room's README. Pure: the same takes in the same order give the same call.
/// </summary>
public static class TakeMerger
{
    /// <summary>Merges.</summary>
    /// <param name="takes">
    /// 1 to <see cref="MergeRules.MaxTakes"/>; of packets that several have, the first one's is heard.
    /// </param>
    public static MergedCall Merge(IReadOnlyList<MergeTake> takes)
    {
        ArgumentNullException.ThrowIfNull(takes);
        ArgumentOutOfRangeException.ThrowIfZero(takes.Count, nameof(takes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(takes.Count, MergeRules.MaxTakes, nameof(takes));
        var merged = new List<StreamMerge>();
        var shifts = new long[takes.Count];
        for (var i = 0; i < takes.Count; i++)
        {
            shifts[i] = Fold(merged, takes[i], i);
        }

        for (var i = 0; i < takes.Count; i++)
        {
            var pauses = new Pauses(takes[i], shifts[i]);
            foreach (var stream in merged)
            {
                stream.Pause(i, pauses.Of(stream.StreamOf(i)));
            }
        }

        return new MergedCall(
            takes.Select((take, i) => take.StartNs + take.RealTimeOffsetNs - shifts[i]).Min(),
            takes.Select((take, i) => take.EndNs + take.RealTimeOffsetNs - shifts[i]).Max(),
            [.. merged.Select(stream => stream.Finish())]);
    }

    /// <summary>Lays a take upon those before it.</summary>
    /// <returns>How far its clock is ahead of theirs, in nanoseconds.</returns>
    private static long Fold(List<StreamMerge> merged, MergeTake take, int place)
    {
        var streams = take.Streams.Select(stream => Move(stream, take.RealTimeOffsetNs)).ToList();
        var joins = Pair(merged, streams);
        var shift = Median([.. joins.Values.SelectMany(join => join.Join.Shifts)]);
        for (var i = 0; i < streams.Count; i++)
        {
            var stream = shift == 0 ? streams[i] : Move(streams[i], -shift);
            if (!joins.TryGetValue(i, out var found))
            {
                merged.Add(new StreamMerge(stream, place, i, place == 0 ? MergeJoin.First : MergeJoin.Apart));
                continue;
            }

            var others = merged[found.Merged].Add(stream, place, i, found.Join);
            if (others.Count > 0)
            {
                merged.Add(new StreamMerge(stream with { Packets = others }, place, i, MergeJoin.Apart));
            }
        }

        return shift;
    }

    /// <summary>Which stream of a take goes with which of the merge: what most packets speak for, first.</summary>
    private static Dictionary<int, (int Merged, StreamJoin Join)> Pair(
        List<StreamMerge> merged, List<AudioStream> streams)
    {
        var candidates = new List<(int Stream, int Merged, StreamJoin Join)>();
        for (var i = 0; i < streams.Count; i++)
        {
            for (var j = 0; j < merged.Count; j++)
            {
                if (StreamJoin.Find(merged[j], streams[i]) is { } join)
                {
                    candidates.Add((i, j, join));
                }
            }
        }

        var joins = new Dictionary<int, (int Merged, StreamJoin Join)>();
        var taken = new HashSet<int>();
        foreach (var (stream, onto, join) in candidates
            .OrderBy(one => one.Join.How).ThenByDescending(one => one.Join.Matches).ThenBy(one => one.Merged))
        {
            if (!joins.ContainsKey(stream) && taken.Add(onto))
            {
                joins.Add(stream, (onto, join));
            }
        }

        return joins;
    }

    private static AudioStream Move(AudioStream stream, long laterNs) => stream with
    {
        Packets = Move(stream.Packets, laterNs), Control = Move(stream.Control, laterNs),
    };

    private static StoredPacket[] Move(IReadOnlyList<StoredPacket> packets, long laterNs) =>
        [.. packets.Select(stored => stored with { ArrivalNs = stored.ArrivalNs + laterNs })];

    private static long Median(List<long> shifts)
    {
        shifts.Sort();
        return shifts.Count == 0 ? 0 : shifts[shifts.Count / 2];
    }
}
