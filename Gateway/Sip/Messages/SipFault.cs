namespace Talreg.Sip.Messages;

/// <summary>Why bytes are not a usable SIP message. The names are the reasons told to the sender and the counters.</summary>
internal enum SipFault
{
    None,
    MessageTooLong,
    MessageIncomplete,
    StartLineInvalid,
    VersionUnsupported,
    LineEndingInvalid,
    HeaderNameInvalid,
    TooManyHeaders,
    ContentLengthInvalid,
    ContentLengthConflicting,
    ContentLengthMissing,
    BodyTruncated,
    ViaInvalid,
    FromInvalid,
    ToInvalid,
    CallIdInvalid,
    CSeqInvalid,
    CSeqMethodMismatch,
    MaxForwardsInvalid,
    RequestUriInvalid,
    SingleHeaderRepeated,
    ContactInvalid,
    RouteInvalid,
    SessionExpiresInvalid,
    MultipartInvalid,
    MultipartTooManyParts,
}
