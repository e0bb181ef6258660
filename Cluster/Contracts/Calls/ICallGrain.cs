using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;

namespace Talreg.Contracts.Calls;

/// <summary>One call. Key: the call id (<see cref="CallId.Value"/>).</summary>
/// <remarks>
/// Every event carries what makes it idempotent: a take id and what it says of the take. State is written on
/// transitions only.
/// </remarks>
[Alias("Talreg.ICallGrain")]
public interface ICallGrain : IGrainWithGuidKey
{
    /// <summary>The call as it stands. Null when no such call was ever admitted.</summary>
    [Alias("Get")]
    Task<CallDocument?> GetAsync();

    /// <summary>
    /// A channel admitted the call: its facts and first verdict. Again: the facts are merged, the verdict is added
    /// once.
    /// </summary>
    /// <returns>True while keys pressed in the call are not to be stored, by its verdict or by command.</returns>
    [Alias("Admitted")]
    Task<bool> AdmittedAsync(CallAdmitted admitted);

    /// <summary>
    /// A gateway began a take. Again with the same take id: no effect. Commands given to the call before reach it too.
    /// </summary>
    [Alias("TakeStarted")]
    Task TakeStartedAsync(TakeStarted started);

    /// <summary>
    /// A take's streams, participants or flags changed in mid-call. Counters are not sent: they are read from the
    /// gateway when asked for.
    /// </summary>
    [Alias("TakeChanged")]
    Task TakeChangedAsync(TakeChanged changed);

    /// <summary>A take is a recording. Again with the same take id: no effect.</summary>
    [Alias("TakeSealed")]
    Task TakeSealedAsync(TakeSealed done);

    /// <summary>
    /// No take came of the admission: a gap and the decision go into the ledger, and a call without takes is
    /// <see cref="CallState.Failed"/>. Again: no effect. A take that begins later makes it active again.
    /// </summary>
    [Alias("Failed")]
    Task FailedAsync(CallFailed failed);

    /// <summary>Another call belongs with this one. Again: no effect.</summary>
    [Alias("Link")]
    Task LinkAsync(CallId other);

    /// <summary>
    /// Starts, stops, pauses or resumes the recording of every live take, or of the keys pressed in it, and answers when
    /// each gateway confirmed, or did not within its deadline.
    /// </summary>
    /// <param name="command">What is asked.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="reason">Why, in the actor's words; null for none. Both stand on the timeline.</param>
    /// <exception cref="RefusalException">
    /// The call is unknown, has ended, or its verdict does not allow the command.
    /// </exception>
    [Alias("Command")]
    Task<CallDocument> CommandAsync(CallCommand command, string actor, string? reason);
}

/// <summary>What a person or a process asks of a live call.</summary>
public enum CallCommand
{
    /// <summary>Begin to record an <see cref="VerdictKind.OnDemand"/> call.</summary>
    Start,

    /// <summary>End the recording; the call may go on.</summary>
    Stop,

    /// <summary>Store nothing until resumed.</summary>
    Pause,

    /// <summary>Go on after a pause.</summary>
    Resume,

    /// <summary>Store no keys pressed (RFC 4733) until allowed: card data may follow.</summary>
    SuppressDigits,

    /// <summary>Store keys pressed again.</summary>
    AllowDigits,
}

/// <summary>What the channel decided and on which facts.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.CallAdmitted")]
public sealed record CallAdmitted(
    [property: Id(0)] CallId Call,
    [property: Id(1)] string Tenant,
    [property: Id(2)] string SessionId,
    [property: Id(3)] IReadOnlyList<string> Channels,
    [property: Id(4)] DateTimeOffset At,
    [property: Id(5)] Verdict Verdict,
    [property: Id(6)] IReadOnlyList<Participant> Participants,
    [property: Id(7)] IReadOnlyList<string> Flags)
{
    /// <summary>What vendors say of the call.</summary>
    [Id(8)] public IReadOnlyList<CallAttribute> Attributes { get; init; } = [];

    /// <summary>Calls that belong with this one.</summary>
    [Id(9)] public IReadOnlyList<CallId> Links { get; init; } = [];

    /// <summary>Which way the call went, as policy saw it; null in what was written before this was kept.</summary>
    [Id(10)] public CallDirection? Direction { get; init; }
}

/// <summary>Why no take came of an admission.</summary>
/// <param name="Admission">What was admitted; null where the teller does not know it.</param>
/// <param name="At">When it failed.</param>
/// <param name="Reason">In the words of a take's end.</param>
/// <param name="Detail">What exactly, such as the name of a refusal; at most 256 characters.</param>
/// <param name="Gateway">Whose take it would have been; null where that is not known.</param>
/// <param name="SipCallId">The SIP Call-ID of the INVITE, or null.</param>
[GenerateSerializer, Immutable, Alias("Talreg.CallFailed")]
public sealed record CallFailed(
    [property: Id(0)] CallAdmitted? Admission,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2)] EndReason Reason,
    [property: Id(3)] string Detail,
    [property: Id(4)] string? Gateway,
    [property: Id(5)] string? SipCallId);

/// <summary>A take began.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.TakeStarted")]
public sealed record TakeStarted(
    [property: Id(0)] TakeDocument Take,
    [property: Id(1)] DateTimeOffset At)
{
    /// <summary>Who is on which stream from the start.</summary>
    [Id(2)] public IReadOnlyList<TimelineEntry> Timeline { get; init; } = [];
}

/// <summary>What a live take is made of, after a change.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.TakeChanged")]
public sealed record TakeChanged(
    [property: Id(0)] TakeDocument Take,
    [property: Id(1)] IReadOnlyList<Participant> Participants,
    [property: Id(2)] IReadOnlyList<string> Flags)
{
    /// <summary>What vendors say of the call.</summary>
    [Id(3)] public IReadOnlyList<CallAttribute> Attributes { get; init; } = [];

    /// <summary>The whole timeline of the take's session so far.</summary>
    [Id(4)] public IReadOnlyList<TimelineEntry> Timeline { get; init; } = [];
}

/// <summary>A take was sealed into a recording and its seal stands in the ledger.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.TakeSealed")]
public sealed record TakeSealed(
    [property: Id(0)] TakeDocument Take,
    [property: Id(1)] DateTimeOffset EndedAt,
    [property: Id(2)] EndReason Reason,
    [property: Id(3)] IReadOnlyList<string> Flags,
    [property: Id(4)] LedgerReceipt Receipt,
    [property: Id(5)] CallAdmitted Admission);

/// <summary>Which call a recording session belongs to. Key: <c>{tenant}/{session id}</c>.</summary>
[Alias("Talreg.ISessionGrain")]
public interface ISessionGrain : IGrainWithStringKey
{
    /// <summary>The session's call id: the one given first wins and is kept.</summary>
    [Alias("Resolve")]
    Task<CallId> ResolveAsync(CallId proposed);

    /// <summary>The call is over: its row may go when sessions that come late need it no more.</summary>
    [Alias("Ended")]
    Task EndedAsync(DateTimeOffset at);
}

/// <summary>What a search asks for. Null members do not filter.</summary>
/// <param name="Tenant">Whose calls.</param>
/// <param name="Party">
/// An address of record, its user part, or a prefix of a number of at least 3 characters ending in <c>*</c>.
/// </param>
/// <param name="Channel"><c>{interface}/{line}</c>.</param>
/// <param name="From">Started at or after.</param>
/// <param name="To">Started before.</param>
/// <param name="State">In that state.</param>
/// <param name="Limit">1 to 500.</param>
/// <param name="Cursor">The <c>next</c> of the page before.</param>
public sealed record CallQuery(
    string Tenant,
    string? Party,
    string? Channel,
    DateTimeOffset? From,
    DateTimeOffset? To,
    CallState? State,
    int Limit,
    string? Cursor);

/// <summary>A page of calls, newest first.</summary>
/// <param name="Items">The calls.</param>
/// <param name="Next">Cursor of the next page, or null at the end.</param>
public sealed record CallPage(IReadOnlyList<CallDocument> Items, string? Next);

/// <summary>The read model: an index of the truth, which can be dropped and rebuilt.</summary>
public interface ICallIndex
{
    /// <summary>Inserts or replaces a call; returns when it is on stable storage.</summary>
    ValueTask PutAsync(CallDocument call, CancellationToken cancellationToken);

    /// <summary>Searches. Newest first, then by id.</summary>
    /// <exception cref="RefusalException"><see cref="RefusalKind.Invalid"/> for a cursor that is not one.</exception>
    ValueTask<CallPage> SearchAsync(CallQuery query, CancellationToken cancellationToken);

    /// <summary>Forgets everything, ahead of a rebuild.</summary>
    ValueTask ClearAsync(CancellationToken cancellationToken);
}
