namespace Talreg.Media.Merge;

/// <summary>A take's pauses on the clock of the merge, a little wider than they were.</summary>
internal sealed class Pauses
{
    private readonly List<(long FromNs, long ToNs)>[] _byStream;
    private readonly List<(long FromNs, long ToNs)> _ofAll;

    public Pauses(MergeTake take, long shiftNs)
    {
        _byStream = [.. take.Streams.Select((_, i) => Joined(
            take.Pauses.Where(pause => pause.Stream is null || pause.Stream == i).Select(pause => (
                pause.FromNs - shiftNs - MergeRules.PauseMarginNs, pause.ToNs - shiftNs + MergeRules.PauseMarginNs))))];
        _ofAll = _byStream.Length == 0 ? [] : _byStream.Aggregate(Common);
    }

    /// <summary>Those of a stream; those in which every stream paused, where the take has none like it.</summary>
    public List<(long FromNs, long ToNs)> Of(int? stream) => stream is { } index ? _byStream[index] : _ofAll;

    private static List<(long FromNs, long ToNs)> Joined(IEnumerable<(long FromNs, long ToNs)> pauses)
    {
        var joined = new List<(long FromNs, long ToNs)>();
        foreach (var pause in pauses.OrderBy(pause => pause.FromNs))
        {
            if (joined.Count > 0 && pause.FromNs <= joined[^1].ToNs)
            {
                joined[^1] = (joined[^1].FromNs, Math.Max(joined[^1].ToNs, pause.ToNs));
            }
            else
            {
                joined.Add(pause);
            }
        }

        return joined;
    }

    private static List<(long FromNs, long ToNs)> Common(
        List<(long FromNs, long ToNs)> first, List<(long FromNs, long ToNs)> second) =>
    [
        .. from one in first
           from other in second
           let both = (FromNs: Math.Max(one.FromNs, other.FromNs), ToNs: Math.Min(one.ToNs, other.ToNs))
           where both.FromNs <= both.ToNs
           select both,
    ];
}
