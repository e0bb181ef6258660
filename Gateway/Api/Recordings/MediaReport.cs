using Talreg.Contracts;

namespace Talreg.Api.Recordings;

/// <summary>What a recorded call's media holds beside the sound itself.</summary>
/// <param name="DigitsMasked">True where policy or caller asked not to see which keys were pressed.</param>
/// <param name="DigitsSuppressed">When keys pressed were not stored; from the call's timeline.</param>
/// <param name="Takes">The sealed takes, in the order they began.</param>
public sealed record MediaReport(
    bool DigitsMasked, IReadOnlyList<DigitPause> DigitsSuppressed, IReadOnlyList<TakeMedia> Takes);

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
/// <param name="Digit"><c>0</c> to <c>9</c>, <c>*</c>, <c>#</c>, <c>A</c> to <c>D</c>, <c>flash</c>; <c>x</c> when masked.</param>
/// <param name="DurationMs">How long it was held, as far as is known.</param>
/// <param name="Ended">False where no packet told of its end.</param>
public sealed record DigitPressed(DateTimeOffset At, string Digit, long DurationMs, bool Ended);
