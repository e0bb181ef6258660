using Talreg.Sip.Sdp;

namespace Talreg.Sip;

/// <summary>The application's answer to an offer: made by <see cref="Accept"/> or <see cref="Reject"/>.</summary>
public sealed record SessionAnswer
{
    private SessionAnswer()
    {
    }

    /// <summary>Whether the session (or the change to it) is accepted.</summary>
    public bool IsAccepted { get; private init; }

    /// <summary>The application's own id of the session; empty when rejected.</summary>
    public string DialogId { get; private init; } = "";

    /// <summary>One per offered m-line, in its order.</summary>
    public IReadOnlyList<MediaAnswer> Media { get; private init; } = [];

    /// <summary>The tag for our side of the dialog; null lets the server draw a random one.</summary>
    public string? ToTag { get; private init; }

    /// <summary>
    /// Not null: the client is asked for a full metadata snapshot once the answer is acknowledged, with this as the
    /// reason
    /// (RFC 7866 §9.2). At most <see cref="SipLimits.MaxSnapshotRequests"/> times a session, and only a client that
    /// can.
    /// </summary>
    public string? SnapshotReason { get; init; }

    /// <summary>The status of a rejection, 400 to 699.</summary>
    public int Status { get; private init; }

    /// <summary>The reason phrase of a rejection.</summary>
    public string Reason { get; private init; } = "";

    /// <summary>Retry-After of a rejection.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>Accepts.</summary>
    /// <param name="dialogId">
    /// The application's id for the session, unique among live ones; for a change, the id it was called with.
    /// </param>
    /// <param name="media">One per offered m-line, in its order; not looked at when the offer had no SDP.</param>
    /// <param name="toTag">A token for our tag, or null. Not looked at for a change.</param>
    public static SessionAnswer Accept(string dialogId, IReadOnlyList<MediaAnswer> media, string? toTag = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(dialogId);
        ArgumentNullException.ThrowIfNull(media);
        return new SessionAnswer { IsAccepted = true, DialogId = dialogId, Media = media, ToTag = toTag };
    }

    /// <summary>Rejects.</summary>
    /// <param name="status">400 to 699.</param>
    /// <param name="reason">The reason phrase.</param>
    /// <param name="retryAfter">Retry-After, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The status is no failure.</exception>
    public static SessionAnswer Reject(int status, string reason, TimeSpan? retryAfter = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 400);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 699);
        ArgumentNullException.ThrowIfNull(reason);
        return new SessionAnswer { Status = status, Reason = reason, RetryAfter = retryAfter };
    }
}

/// <summary>The answer to one m-line.</summary>
/// <param name="Port">The local RTP port (RTCP on the next), or 0 to refuse the stream.</param>
/// <param name="Direction">
/// <see cref="MediaDirection.RecvOnly"/> or <see cref="MediaDirection.Inactive"/>. An m-line offered inactive or
/// recvonly is answered inactive whatever stands here (RFC 3264 §6.1), and one offered with port 0 with port 0.
/// </param>
public readonly record struct MediaAnswer(int Port, MediaDirection Direction = MediaDirection.RecvOnly)
{
    /// <summary>
    /// The formats accepted, in the order preferred; null accepts every one as offered, since packets are stored
    /// untouched.
    /// </summary>
    public IReadOnlyList<string>? Formats { get; init; }

    /// <summary>
    /// The SDES line taken, with our key; null for none. An m-line under SRTP without one is refused.
    /// </summary>
    public CryptoAnswer? Crypto { get; init; }
}
