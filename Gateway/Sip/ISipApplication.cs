namespace Talreg.Sip;

/// <summary>
/// What decides about sessions. The server calls it from its one loop: <see cref="OnConfirmed"/>, <see cref="OnEnded"/>
/// and <see cref="OnRefused"/> must return at once and must not throw; the two asynchronous calls may take as long as
/// they need, and other sessions go on meanwhile.
/// </summary>
public interface ISipApplication
{
    /// <summary>What OPTIONS answers, and whether new sessions are taken. Read for every new INVITE.</summary>
    SipHealth Health { get; }

    /// <summary>A new session is offered. 100 Trying has been sent.</summary>
    /// <param name="offer">What the client said.</param>
    /// <param name="cancellationToken">
    /// Cancelled by CANCEL and by the server's stop. An answer that accepts all the same is followed by
    /// <see cref="OnEnded"/> with <see cref="SessionEnd.Cancel"/>, so that what was reserved can be freed.
    /// </param>
    ValueTask<SessionAnswer> OnInviteAsync(SessionOffer offer, CancellationToken cancellationToken);

    /// <summary>
    /// A re-INVITE or UPDATE within a session. <see cref="SessionOffer.Sdp"/> is null when only metadata came:
    /// then the media stays as it is and the answer's media is not looked at.
    /// </summary>
    /// <param name="dialogId">The id given with <see cref="SessionAnswer.Accept"/>.</param>
    /// <param name="offer">What the client said.</param>
    /// <param name="cancellationToken">Cancelled when the session ends meanwhile.</param>
    ValueTask<SessionAnswer> OnReinviteAsync(string dialogId, SessionOffer offer, CancellationToken cancellationToken);

    /// <summary>The ACK of the first INVITE's answer has arrived.</summary>
    /// <param name="dialogId">The session.</param>
    void OnConfirmed(string dialogId);

    /// <summary>The session is over. Called exactly once for each accepted session.</summary>
    /// <param name="dialogId">The session.</param>
    /// <param name="end">Why.</param>
    void OnEnded(string dialogId, SessionEnd end);

    /// <summary>A message was refused or thrown away. For counters and a rate-limited log line.</summary>
    /// <param name="refusal">What and why.</param>
    void OnRefused(SipRefusal refusal);
}

/// <summary>Whether new sessions are taken.</summary>
/// <param name="IsAccepting">False while full or draining: OPTIONS and new INVITEs are answered 503.</param>
/// <param name="RetryAfter">What a 503 says in Retry-After, whole seconds; null leaves the header out.</param>
public readonly record struct SipHealth(bool IsAccepting, TimeSpan? RetryAfter = null)
{
    /// <summary>All is well.</summary>
    public static SipHealth Accepting => new(IsAccepting: true);
}

/// <summary>Why a session ended.</summary>
public enum SessionEnd
{
    /// <summary>BYE from the client.</summary>
    Bye,

    /// <summary>CANCEL came before the application's answer.</summary>
    Cancel,

    /// <summary>No ACK within 64·T1 (RFC 3261 §13.3.1.4); a BYE was sent.</summary>
    NoAck,

    /// <summary>The session timer ran out (RFC 4028 §10); a BYE was sent.</summary>
    SessionTimeout,

    /// <summary><see cref="SipServer.HangUpAsync"/>.</summary>
    LocalBye,

    /// <summary>A new session took its place (RFC 3891); a BYE was sent.</summary>
    Replaced,

    /// <summary>The client says it does not know the session (481) or does not answer (408); a BYE was sent.</summary>
    ClientLost,

    /// <summary>The answer could not be made of what the application returned; the client was answered 500.</summary>
    AnswerInvalid,

    /// <summary>The server was stopped with the session alive; a BYE was sent.</summary>
    Shutdown,
}
