using System.Text.Json.Serialization;

namespace Talreg.Contracts.Calls;

/// <summary>One thing a vendor says of a call, such as its UCID or a header.</summary>
/// <param name="Name">
/// <c>ucid</c>, <c>ciscoGuid</c>, <c>callData</c> and the like; <c>header:</c> and a header's name; or <c>extension:</c> and
/// the name of a vendor's element, whose value is the element as it stands.
/// </param>
/// <param name="Value">As sent, at most 2,048 characters.</param>
[GenerateSerializer, Immutable, Alias("Talreg.CallAttribute")]
public sealed record CallAttribute([property: Id(0)] string Name, [property: Id(1)] string Value);

/// <summary>What happened in a call: to a party of it, to its recording, or to the keys pressed.</summary>
public enum TimelineChange
{
    /// <summary>Takes part from now on.</summary>
    Joined,

    /// <summary>Takes part no more.</summary>
    Left,

    /// <summary>Its voice is on a stream from now on.</summary>
    Sends,

    /// <summary>Its voice is on that stream no more.</summary>
    StopsSending,

    /// <summary>Keys pressed are not stored from now on, because card data may follow.</summary>
    DigitsSuppressed,

    /// <summary>Keys pressed are stored from now on.</summary>
    DigitsAllowed,

    /// <summary>An on-demand call is recorded from now on, and its pre-buffer before.</summary>
    RecordingStarted,

    /// <summary>Nothing is recorded any more.</summary>
    RecordingStopped,

    /// <summary>Nothing is recorded until it is resumed: silence that says so, not a cut.</summary>
    RecordingPaused,

    /// <summary>Recorded again after a pause.</summary>
    RecordingResumed,
}

/// <summary>One entry of a call's timeline.</summary>
/// <param name="At">When: by the recording client's clock where it can be believed, else when it was told.</param>
/// <param name="Participant">The participant's id; empty for what happened to the recording.</param>
/// <param name="Change">What happened.</param>
/// <param name="Label">The stream's label where a voice is on one; else empty.</param>
[GenerateSerializer, Immutable, Alias("Talreg.TimelineEntry")]
public sealed record TimelineEntry(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string Participant,
    [property: Id(2)] TimelineChange Change,
    [property: Id(3)] string Label)
{
    /// <summary>Who asked for it, or <c>rule</c> and its name; null, and then left out, for what a client told.</summary>
    [Id(4), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Actor { get; init; }

    /// <summary>Why, in the words of who asked; null, and then left out, for none.</summary>
    [Id(5), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}
