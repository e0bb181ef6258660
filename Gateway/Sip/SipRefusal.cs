using System.Net;

namespace Talreg.Sip;

/// <summary>A message that was refused or thrown away.</summary>
/// <param name="Source">Who sent it.</param>
/// <param name="Transport">Over what.</param>
/// <param name="Reason">Why, for a counter's label.</param>
/// <param name="Status">The status it was answered with; 0 when it was not answered.</param>
/// <param name="Detail">What was wrong, for a person. At most 256 characters, control characters replaced.</param>
/// <param name="Method">The method, where known.</param>
/// <param name="CallId">The Call-ID, where known.</param>
public sealed record SipRefusal(
    IPEndPoint Source,
    SipTransportKind Transport,
    SipRefusalReason Reason,
    int Status,
    string Detail,
    string? Method = null,
    string? CallId = null);

/// <summary>Why a message was refused.</summary>
public enum SipRefusalReason
{
    /// <summary>Not SIP, or SIP that breaks the grammar or a limit.</summary>
    Malformed,

    /// <summary>The SDP breaks the grammar or a limit, or there is none where one must be.</summary>
    SdpInvalid,

    /// <summary>A method that is not served (405).</summary>
    MethodNotAllowed,

    /// <summary>A required extension that is not known (420).</summary>
    ExtensionRequired,

    /// <summary>A body nobody here reads (415).</summary>
    MediaTypeUnsupported,

    /// <summary>A Request-URI scheme nobody here reads (416).</summary>
    UriSchemeUnsupported,

    /// <summary>A request for a dialog or transaction that does not exist (481).</summary>
    NoSuchDialog,

    /// <summary>The same request came over two paths (482).</summary>
    Merged,

    /// <summary>A CSeq out of order, or a second change while the first was pending (500).</summary>
    OutOfOrder,

    /// <summary>A session interval below Min-SE (422).</summary>
    IntervalTooSmall,

    /// <summary>The application takes no new sessions (503).</summary>
    NotAccepting,

    /// <summary>A limit of <see cref="SipLimits"/> is reached.</summary>
    LimitReached,

    /// <summary>The application rejected it, failed, or gave an answer that fits no offer.</summary>
    ApplicationRejected,

    /// <summary>It comes from nobody who may record here, or not from the client whose session it is (403).</summary>
    SourceNotAllowed,

    /// <summary>Not authenticated by digest (401). A first INVITE without credentials counts too.</summary>
    NotAuthenticated,

    /// <summary>A request that would change the session while a change of ours is under way (491).</summary>
    Glare,

    /// <summary>A Replaces header that stands twice, or asks for what cannot be (400, 486).</summary>
    ReplacesInvalid,

    /// <summary>An INFO package that was never announced (469).</summary>
    InfoPackageUnknown,

    /// <summary>A connection did not come about: TLS failed, a certificate was refused, nobody answered.</summary>
    ConnectionFailed,

    /// <summary>A response that belongs to no transaction.</summary>
    StrayResponse,
}
