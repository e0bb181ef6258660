using Talreg.Contracts;

namespace Talreg.Api.Recordings;

/// <summary>What a recorded call's media holds beside the sound itself.</summary>
/// <param name="DigitsMasked">True where policy or caller asked not to see which keys were pressed.</param>
/// <param name="DigitsSuppressed">When keys pressed were not stored; from the call's timeline.</param>
/// <param name="Takes">The sealed takes, in the order they began.</param>
public sealed record MediaReport(
    bool DigitsMasked, IReadOnlyList<DigitPause> DigitsSuppressed, IReadOnlyList<TakeMedia> Takes)
{
    /// <summary>Sealed takes that are left out, because where they lie cannot be reached.</summary>
    public IReadOnlyList<TakeId> Missing { get; init; } = [];

    /// <summary>How several takes are heard as one; null for a call of one take.</summary>
    public IReadOnlyList<MergedMedia>? Merge { get; init; }
}

/// <summary>What was read of a call.</summary>
/// <param name="Takes">The sealed takes, in the order they began.</param>
/// <param name="Missing">Those that are left out, because where they lie cannot be reached.</param>
/// <param name="Merge">How several takes are heard as one; null for a call of one take.</param>
public sealed record CallMedia(
    IReadOnlyList<TakeMedia> Takes, IReadOnlyList<TakeId> Missing, IReadOnlyList<MergedMedia>? Merge);

/// <summary>A stream that is heard, and the takes it is made of.</summary>
public sealed record MergedMedia
{
    /// <summary>The most entries of <see cref="Runs"/>; the last then counts all that follow.</summary>
    public const int MaxRuns = 1000;

    /// <summary>The SDP label, or empty.</summary>
    public required string Label { get; init; }

    /// <summary>Packets of the merge.</summary>
    public required long Packets { get; init; }

    /// <summary>
    /// Packets that takes have with different payloads: a <c>disagreement</c>; the one of the first take is heard.
    /// </summary>
    public required long Disagreements { get; init; }

    /// <summary>Packets left out because another take was told not to store them.</summary>
    public required long Paused { get; init; }

    /// <summary>The takes' streams that it is made of.</summary>
    public required IReadOnlyList<MergedTake> Sources { get; init; }

    /// <summary>Which take the packets are from, in order of arrival.</summary>
    public required IReadOnlyList<MergedRun> Runs { get; init; }

    /// <summary>Remarks.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>What a take gave to a stream.</summary>
/// <param name="Take">The take.</param>
/// <param name="Stream">The stream's index in it.</param>
/// <param name="Joined">
/// <c>first</c>, or how it was laid upon the first: by <c>source</c> (SSRC and sequence number), by <c>payload</c>, by
/// <c>label</c> (one is empty, or ends before the other begins); <c>apart</c>: nothing tells that they belong together.
/// </param>
/// <param name="Packets">Packets it has.</param>
/// <param name="Used">Packets of the merge that are from it.</param>
/// <param name="Alone">Of these, packets that no other take has: gaps it heals.</param>
public sealed record MergedTake(TakeId Take, int Stream, string Joined, long Packets, long Used, long Alone);

/// <summary>Packets of one take in a row.</summary>
/// <param name="Take">The take.</param>
/// <param name="From">Arrival of the first, by the first take's clock.</param>
/// <param name="Packets">How many; in the last run of a list that is cut, of any take.</param>
public sealed record MergedRun(TakeId Take, DateTimeOffset From, long Packets);

/// <summary>A time in which keys pressed were not stored.</summary>
/// <param name="From">From when.</param>
/// <param name="To">To when; null to the end of the call.</param>
/// <param name="Actor">Who asked for it, or the rule.</param>
/// <param name="Reason">Why, in the actor's words; null for none.</param>
public sealed record DigitPause(DateTimeOffset From, DateTimeOffset? To, string? Actor, string? Reason);

/// <summary>One take.</summary>
/// <param name="Take">Its id.</param>
/// <param name="Streams">Its streams, by index.</param>
public sealed record TakeMedia(TakeId Take, IReadOnlyList<StreamMedia> Streams);

/// <summary>One stream.</summary>
public sealed record StreamMedia
{
    /// <summary>0-based index in the take.</summary>
    public required int Index { get; init; }

    /// <summary>The SDP label, or empty.</summary>
    public required string Label { get; init; }

    /// <summary>Who sends it, or null.</summary>
    public string? Participant { get; init; }

    /// <summary>How long the take plays, in milliseconds.</summary>
    public required long LengthMs { get; init; }

    /// <summary>How long nothing is heard of the stream in it: pauses, comfort noise, loss.</summary>
    public required long SilenceMs { get; init; }

    /// <summary>True where the sender's own reports say when it spoke; false where arrivals do.</summary>
    public required bool SenderClock { get; init; }

    /// <summary>Remarks on what is not heard, or not as it was sent.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Keys pressed (RFC 4733), in order.</summary>
    public required IReadOnlyList<DigitPressed> Digits { get; init; }
}

/// <summary>A key pressed.</summary>
/// <param name="At">When it went down.</param>
/// <param name="Digit">
/// <c>0</c> to <c>9</c>, <c>*</c>, <c>#</c>, <c>A</c> to <c>D</c>, <c>flash</c>; <c>x</c> when masked.
/// </param>
/// <param name="DurationMs">How long it was held, as far as is known.</param>
/// <param name="Ended">False where no packet told of its end.</param>
public sealed record DigitPressed(DateTimeOffset At, string Digit, long DurationMs, bool Ended);
