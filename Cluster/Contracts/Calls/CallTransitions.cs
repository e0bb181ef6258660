using Talreg.Contracts.Gateways;

namespace Talreg.Contracts.Calls;

/// <summary>The transitions of a call as pure functions: a document and an event in, a document out.</summary>
public static class CallTransitions
{
    /// <summary>The most verdicts, and so commands, kept for one call.</summary>
    public const int MaxVerdicts = 1_000;

    /// <summary>The most attributes, links and timeline entries kept of one call.</summary>
    public const int MaxFacts = 1_000;

    /// <summary>
    /// Admission: makes the call, or merges what another session of it knows. The same admission again changes
    /// nothing.
    /// </summary>
    public static CallDocument Admit(CallDocument? document, CallAdmitted admitted)
    {
        if (document is null)
        {
            return new CallDocument
            {
                Id = admitted.Call,
                Tenant = admitted.Tenant,
                SessionId = admitted.SessionId,
                Channels = admitted.Channels,
                State = admitted.Verdict.Kind == VerdictKind.Never ? CallState.NotRecorded : CallState.Active,
                StartedAt = admitted.At,
                EndedAt = admitted.Verdict.Kind == VerdictKind.Never ? admitted.At : null,
                Verdicts = [admitted.Verdict],
                Participants = admitted.Participants,
                Flags = Sorted(admitted.Flags),
                Attributes = Bounded(admitted.Attributes, MaxFacts),
                Links = Bounded(admitted.Links, MaxFacts),
                Direction = admitted.Direction,
                Timeline = admitted.Verdict.Digits == DigitHandling.Suppress
                    ? [new TimelineEntry(admitted.At, "", TimelineChange.DigitsSuppressed, "")
                        {
                            Actor = $"rule {admitted.Verdict.Rule}",
                        }]
                    : [],
            };
        }

        var merged = document with
        {
            Channels = Union(document.Channels, admitted.Channels),
            Participants = Union(document.Participants, admitted.Participants),
            Flags = Sorted(Union(document.Flags, admitted.Flags)),
            Attributes = Bounded(Union(document.Attributes, admitted.Attributes), MaxFacts),
            Links = Bounded(Union(document.Links, admitted.Links), MaxFacts),
            Verdicts = document.Verdicts.Any(admitted.Verdict.SaysAs)
                ? document.Verdicts
                : Bounded([.. document.Verdicts, admitted.Verdict], MaxVerdicts),
        };
        var same = merged.Channels.Count == document.Channels.Count
            && merged.Participants.Count == document.Participants.Count
            && merged.Flags.Count == document.Flags.Count
            && merged.Attributes.Count == document.Attributes.Count
            && merged.Links.Count == document.Links.Count
            && merged.Verdicts.Count == document.Verdicts.Count;
        return same ? document : merged;
    }

    /// <summary>A take began: a call that a first session ended is active again.</summary>
    public static CallDocument Start(CallDocument document, TakeStarted started) => document with
    {
        State = CallState.Active,
        EndedAt = null,
        EndReason = null,
        Takes = [.. document.Takes, started.Take],
        Timeline = Bounded(Union(document.Timeline, started.Timeline), MaxFacts),
    };

    /// <summary>A live take's streams, or the call's participants or flags, changed.</summary>
    public static CallDocument Change(CallDocument document, TakeChanged changed) => document with
    {
        Participants = Union(document.Participants, changed.Participants),
        Flags = Sorted(Union(document.Flags, changed.Flags)),
        Attributes = Bounded(Union(document.Attributes, changed.Attributes), MaxFacts),
        Timeline = Bounded(Union(document.Timeline, changed.Timeline), MaxFacts),
        Takes = [.. document.Takes.Select(take => take.Id == changed.Take.Id && !take.Sealed ? changed.Take : take)],
    };

    /// <summary>A take was sealed; with the last of them the call is.</summary>
    public static CallDocument Seal(CallDocument document, TakeSealed done)
    {
        var sealedTake = done.Take with { Leaf = done.Receipt.Leaf };
        var takes = document.Takes.Any(take => take.Id == done.Take.Id)
            ? document.Takes.Select(take => take.Id == done.Take.Id ? sealedTake : take).ToList()
            : [.. document.Takes, sealedTake];
        var over = takes.TrueForAll(take => take.Sealed);
        var ended = document.EndedAt is { } earlier && earlier > done.EndedAt ? earlier : done.EndedAt;
        return document with
        {
            Takes = takes,
            State = over ? CallState.Sealed : document.State,
            EndedAt = over ? ended : document.EndedAt,
            EndReason = over ? done.Reason : document.EndReason,
            Flags = Sorted(Union(document.Flags, done.Flags)),
            Evidence = new EvidenceDocument(done.Receipt.Leaf, done.Receipt.CheckpointSize),
        };
    }

    /// <summary>No take came of an admission. A call that has takes goes on with them.</summary>
    public static CallDocument Fail(CallDocument document, CallFailed failed) =>
        document.State != CallState.Active || document.Takes.Count > 0
            ? document
            : document with
            {
                State = CallState.Failed,
                EndedAt = failed.At,
                EndReason = failed.Reason,
                Flags = Sorted(Union(document.Flags, [CallFlags.NotCaptured])),
            };

    /// <summary>Adds a call that belongs with this one; itself is none.</summary>
    public static CallDocument Link(CallDocument document, CallId other) =>
        other == document.Id || document.Links.Contains(other)
            ? document
            : document with { Links = Bounded([.. document.Links, other], MaxFacts) };

    /// <summary>Adds a flag.</summary>
    public static CallDocument Flag(CallDocument document, string flag) =>
        document with { Flags = Sorted(Union(document.Flags, [flag])) };

    /// <summary>What the takes should be doing after a command.</summary>
    /// <param name="document">The call.</param>
    /// <param name="before">What they should be doing before it.</param>
    /// <param name="command">The command.</param>
    /// <exception cref="RefusalException">The call has ended, or its policy does not allow the command.</exception>
    public static CallStanding Stand(CallDocument document, CallStanding before, CallCommand command)
    {
        if (document.State != CallState.Active)
        {
            throw new RefusalException(
                RefusalKind.WrongState, $"Call {document.Id} is over; only a live call can be told to "
                    + $"{Word(command)}.");
        }

        // Never for want of room: what may not be stored must not be.
        if (command is CallCommand.SuppressDigits or CallCommand.AllowDigits)
        {
            return before with { DigitsSuppressed = command == CallCommand.SuppressDigits };
        }

        if (document.Verdicts.Count >= MaxVerdicts)
        {
            throw new RefusalException(
                RefusalKind.WrongState, $"Call {document.Id} has had {MaxVerdicts} commands; no more are taken.");
        }

        var onDemand = document.Verdicts[0].Kind == VerdictKind.OnDemand;
        var desire = command switch
        {
            CallCommand.Start when onDemand => TakeDesire.Record,
            CallCommand.Stop when onDemand => TakeDesire.Stop,
            CallCommand.Pause => TakeDesire.Pause,
            CallCommand.Resume => TakeDesire.Record,
            _ => throw new RefusalException(
                RefusalKind.WrongState,
                $"Rule {document.Verdicts[0].Rule} records call {document.Id} in full; it can be paused and "
                    + $"resumed, not told to {Word(command)}."),
        };
        return before with { Desire = desire };
    }

    /// <summary>
    /// Notes a command on the timeline, with who gave it and why. Start and stop are decisions too; a pause is none:
    /// the take declares it as a gap.
    /// </summary>
    public static CallDocument Command(
        CallDocument document, CallCommand command, string actor, string? reason, DateTimeOffset at)
    {
        var entry = new TimelineEntry(at, "", ChangeOf(command), "") { Actor = actor, Reason = reason };
        var noted = document.Timeline.Count < MaxFacts
            ? document with { Timeline = [.. document.Timeline, entry] }
            : Flag(document, CallFlags.TimelineCut);
        if (command is not (CallCommand.Start or CallCommand.Stop))
        {
            return noted;
        }

        var verdict = document.Verdicts[^1] with
        {
            At = at,
            Kind = command == CallCommand.Start ? VerdictKind.Record : VerdictKind.OnDemand,
            Reason = $"{Word(command)} by {actor}",
        };
        return noted with { Verdicts = Bounded([.. noted.Verdicts, verdict], MaxVerdicts) };
    }

    private static TimelineChange ChangeOf(CallCommand command) => command switch
    {
        CallCommand.Start => TimelineChange.RecordingStarted,
        CallCommand.Stop => TimelineChange.RecordingStopped,
        CallCommand.Pause => TimelineChange.RecordingPaused,
        CallCommand.Resume => TimelineChange.RecordingResumed,
        CallCommand.SuppressDigits => TimelineChange.DigitsSuppressed,
        _ => TimelineChange.DigitsAllowed,
    };

    /// <summary>The command as the API spells it.</summary>
    public static string Word(CallCommand command) => command switch
    {
        CallCommand.Start => "start",
        CallCommand.Stop => "stop",
        CallCommand.Pause => "pause",
        CallCommand.Resume => "resume",
        CallCommand.SuppressDigits => "suppress-digits",
        _ => "allow-digits",
    };

    private static IReadOnlyList<T> Union<T>(IReadOnlyList<T> first, IReadOnlyList<T> second) =>
        second.All(first.Contains) ? first : [.. first.Union(second)];

    private static IReadOnlyList<string> Sorted(IReadOnlyList<string> flags) =>
        [.. flags.Order(StringComparer.Ordinal)];

    private static IReadOnlyList<T> Bounded<T>(IReadOnlyList<T> items, int most) =>
        items.Count <= most ? items : [.. items.Take(most)];
}

/// <summary>What commands, so far, want of every take of a call.</summary>
/// <param name="Desire">Whether it records.</param>
/// <param name="DigitsSuppressed">True while keys pressed are not stored.</param>
[GenerateSerializer, Immutable, Alias("Talreg.CallStanding")]
public sealed record CallStanding(
    [property: Id(0)] TakeDesire Desire, [property: Id(1)] bool DigitsSuppressed)
{
    /// <summary>Nobody has commanded anything, and the verdict stores keys pressed.</summary>
    public static CallStanding AsAdmitted { get; } = new(TakeDesire.AsAdmitted, DigitsSuppressed: false);
}
