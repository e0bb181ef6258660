namespace Talreg.Gateway.Ownership;

/// <summary>
/// Tells a heartbeat from one that was recorded and sent again. The first of an incarnation must echo a heartbeat of
/// ours, which nobody could know before; afterwards each number must be higher than the last. Not safe for threads.
/// </summary>
/// <param name="start">Our first number: random, so that nothing recorded echoes it.</param>
internal sealed class HeartbeatBook(long start)
{
    /// <summary>
    /// The most incarnations that are remembered; when it is full those not heard of longest give way.
    /// </summary>
    public const int MaxKnown = 32;

    private readonly Dictionary<Guid, Entry> _known = [];
    private readonly long _start = start;

    /// <summary>The number of our last heartbeat.</summary>
    public long Number { get; private set; } = start;

    /// <summary>A number for a heartbeat of ours.</summary>
    public long Next() => ++Number;

    /// <summary>What a heartbeat to an incarnation echoes; 0 when it was never heard.</summary>
    public long EchoFor(Guid incarnation) => _known.TryGetValue(incarnation, out var entry) ? entry.Number : 0;

    /// <summary>How long ago an incarnation was heard; null for never.</summary>
    public TimeSpan? HeardAgo(Guid incarnation, TimeSpan now) =>
        _known.TryGetValue(incarnation, out var entry) && entry.IsFresh ? now - entry.At : null;

    /// <summary>Takes an authentic heartbeat of a member.</summary>
    /// <returns>True for one that was sent just now.</returns>
    public bool Accept(in Heartbeat heard, TimeSpan now)
    {
        var isKnown = _known.TryGetValue(heard.Incarnation, out var entry);
        if (isKnown && heard.Number <= entry.Number)
        {
            return false;
        }

        if (!isKnown && _known.Count >= MaxKnown)
        {
            _known.Remove(_known.MinBy(one => one.Value.At).Key);
        }

        // Until it echoes, only its number is noted: it must be told what to echo from, and be told of nothing older.
        var isFresh = entry.IsFresh || (heard.Echo > _start && heard.Echo <= Number);
        _known[heard.Incarnation] = new Entry(heard.Number, now, isFresh);
        return isFresh;
    }

    private readonly record struct Entry(long Number, TimeSpan At, bool IsFresh);
}
