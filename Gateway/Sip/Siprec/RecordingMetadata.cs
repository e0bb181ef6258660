namespace Talreg.Sip.Siprec;

/// <summary>Whether a metadata document is a snapshot or a change (RFC 7865 §6.1).</summary>
public enum MetadataMode
{
    /// <summary>Replaces all that was known.</summary>
    Complete,

    /// <summary>Adds to what was known; absence never removes.</summary>
    Partial,
}

/// <summary>
/// A recording metadata document (RFC 7865), read tolerantly. References are kept as spelled, dangling ones too.
/// Immutable; owns its memory.
/// </summary>
public sealed record RecordingMetadata
{
    /// <summary>Snapshot or change; a document that does not say is a snapshot.</summary>
    public MetadataMode Mode { get; init; }

    /// <summary>The group elements (RFC 7865 §6.3).</summary>
    public required IReadOnlyList<MetadataGroup> Groups { get; init; }

    /// <summary>The sessions (RFC 7865 §6.4).</summary>
    public required IReadOnlyList<MetadataSession> Sessions { get; init; }

    /// <summary>The participants (RFC 7865 §6.5).</summary>
    public required IReadOnlyList<MetadataParticipant> Participants { get; init; }

    /// <summary>The media streams (RFC 7865 §6.7).</summary>
    public required IReadOnlyList<MetadataStream> Streams { get; init; }

    /// <summary>Who takes part in which session (RFC 7865 §6.6).</summary>
    public required IReadOnlyList<ParticipantSession> ParticipantSessions { get; init; }

    /// <summary>Who sends and hears which stream (RFC 7865 §6.8).</summary>
    public required IReadOnlyList<ParticipantStreams> ParticipantStreams { get; init; }

    /// <summary>Since when, and until when, a session is recorded by this recording session.</summary>
    public IReadOnlyList<SessionRecording> SessionRecordings { get; init; } = [];

    /// <summary>What the RFC does not know: vendors' elements, as they stand.</summary>
    public IReadOnlyList<MetadataExtension> Extensions { get; init; } = [];
}

/// <summary>A communication session group.</summary>
/// <param name="Id">group_id.</param>
/// <param name="AssociateTime">associate-time as spelled, or null.</param>
/// <param name="DisassociateTime">disassociate-time as spelled, or null.</param>
public sealed record MetadataGroup(string Id, string? AssociateTime, string? DisassociateTime);

/// <summary>A communication session.</summary>
/// <param name="Id">session_id.</param>
/// <param name="SipSessionIds">sipSessionID values, in order.</param>
/// <param name="GroupRef">group-ref, or null.</param>
/// <param name="StartTime">start-time as spelled, or null; senders omit the time zone.</param>
/// <param name="StopTime">stop-time as spelled, or null.</param>
public sealed record MetadataSession(
    string Id, IReadOnlyList<string> SipSessionIds, string? GroupRef, string? StartTime, string? StopTime);

/// <summary>A participant.</summary>
/// <param name="Id">participant_id.</param>
/// <param name="Names">The addresses of record with their names, in order.</param>
public sealed record MetadataParticipant(string Id, IReadOnlyList<MetadataName> Names);

/// <summary>One nameID.</summary>
/// <param name="Aor">The address of record as spelled; senders omit the scheme.</param>
/// <param name="Name">The name, or null.</param>
public sealed record MetadataName(string Aor, string? Name);

/// <summary>A media stream.</summary>
/// <param name="Id">stream_id; some senders leave it empty.</param>
/// <param name="SessionRef">The session's id, or null.</param>
/// <param name="Label">The label of its m-line, or null.</param>
public sealed record MetadataStream(string Id, string? SessionRef, string? Label);

/// <summary>A session's part in the recording (RFC 7865, sessionrecordingassoc).</summary>
/// <param name="SessionRef">session_id.</param>
/// <param name="AssociateTime">associate-time as spelled, or null.</param>
/// <param name="DisassociateTime">disassociate-time as spelled: no longer recorded here; or null.</param>
public sealed record SessionRecording(string SessionRef, string? AssociateTime, string? DisassociateTime);

/// <summary>An element that the RFC does not define.</summary>
/// <param name="Owner">The element of the RFC that it stands in: <c>participant</c>, <c>session</c>, …; or
/// empty.</param>
/// <param name="OwnerId">That element's id, or empty.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its local name.</param>
/// <param name="Value">The text in it and below it, trimmed.</param>
/// <param name="Xml">The element as it stands, prefixes included.</param>
public sealed record MetadataExtension(
    string Owner, string OwnerId, string Namespace, string Name, string Value, string Xml);

/// <summary>A participant's part in a session.</summary>
/// <param name="ParticipantRef">participant_id.</param>
/// <param name="SessionRef">session_id.</param>
/// <param name="AssociateTime">associate-time as spelled, or null.</param>
/// <param name="DisassociateTime">disassociate-time as spelled: the participant has left; or null.</param>
public sealed record ParticipantSession(
    string ParticipantRef, string SessionRef, string? AssociateTime, string? DisassociateTime);

/// <summary>The streams a participant sends and hears.</summary>
/// <param name="ParticipantRef">participant_id.</param>
/// <param name="Send">The ids of streams it sends.</param>
/// <param name="Recv">The ids of streams it hears.</param>
/// <param name="DisassociateTime">disassociate-time as spelled: no longer so; or null.</param>
/// <param name="AssociateTime">associate-time as spelled, or null.</param>
public sealed record ParticipantStreams(
    string ParticipantRef, IReadOnlyList<string> Send, IReadOnlyList<string> Recv, string? DisassociateTime,
    string? AssociateTime = null);
