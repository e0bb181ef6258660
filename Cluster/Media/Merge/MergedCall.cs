using Talreg.Media.Timeline;

namespace Talreg.Media.Merge;

/// <summary>How a take's stream came to its place in the merge.</summary>
public enum MergeJoin
{
    /// <summary>It is the first of its stream: the others are laid upon it.</summary>
    First,

    /// <summary>
    /// Source, sequence number and timestamp are those of the stream before: both forks carry the same packets.
    /// </summary>
    Source,

    /// <summary>
    /// The same payloads under other numbers, at one offset over at least <see cref="MergeRules.LeastMatches"/>
    /// packets.
    /// </summary>
    Payload,

    /// <summary>Their labels are the same, and one is empty, or ends before the other begins.</summary>
    Label,

    /// <summary>Nothing tells that it is a stream of another take: it is heard beside them.</summary>
    Apart,
}

/// <summary>What a merge may hold.</summary>
public static class MergeRules
{
    /// <summary>The most takes.</summary>
    public const int MaxTakes = 64;

    /// <summary>The fewest packets whose payloads must agree on an offset.</summary>
    public const int LeastMatches = 50;

    /// <summary>Of a hundred packets with the same payload, how many must agree on it.</summary>
    public const int LeastAgreement = 90;

    /// <summary>
    /// How far around a pause nothing is taken from a take that did not pause, in nanoseconds: a command reaches two
    /// gateways at two times, and a packet two clocks.
    /// </summary>
    public const long PauseMarginNs = 60_000_000;
}

/// <summary>
/// The takes of a call as one. Arrival times are those of the first take's clock, as Unix nanoseconds.
/// </summary>
/// <param name="StartNs">When the earliest take began.</param>
/// <param name="EndNs">When the latest one ended.</param>
/// <param name="Streams">The streams: those of the first take in their order, then what others have besides.</param>
public sealed record MergedCall(long StartNs, long EndNs, IReadOnlyList<MergedStream> Streams);

/// <summary>A stream of the merge.</summary>
public sealed record MergedStream
{
    /// <summary>Its packets, in order of arrival.</summary>
    public required AudioStream Audio { get; init; }

    /// <summary>For each packet of <see cref="Audio"/>, the place of the take it is from.</summary>
    public required IReadOnlyList<byte> Takes { get; init; }

    /// <summary>The takes' streams that it is made of.</summary>
    public required IReadOnlyList<MergedSource> Sources { get; init; }

    /// <summary>
    /// Packets that two takes have with different payloads; the one of the take that stands first is heard.
    /// </summary>
    public required int Disagreements { get; init; }

    /// <summary>Packets left out because another take was told not to store them.</summary>
    public required int Paused { get; init; }

    /// <summary>Named remarks for a person.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>What one take gave to a stream.</summary>
/// <param name="Take">The take's place.</param>
/// <param name="Stream">The stream's place in it.</param>
/// <param name="Join">How it was joined.</param>
/// <param name="Packets">Packets it holds, those that came twice counted once.</param>
/// <param name="Used">Packets of the merge that are from it.</param>
/// <param name="Alone">Of these, packets that no other take has: gaps it heals.</param>
public sealed record MergedSource(int Take, int Stream, MergeJoin Join, int Packets, int Used, int Alone);
