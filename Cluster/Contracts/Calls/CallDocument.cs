using System.Text.Json.Serialization;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Contracts.Calls;

/// <summary>Where a call is in its life.</summary>
public enum CallState
{
    /// <summary>Being recorded, or being decided.</summary>
    Active,

    /// <summary>Every take is a recording with its seal in the ledger.</summary>
    Sealed,

    /// <summary>Sealed, and verified in the archive.</summary>
    Archived,

    /// <summary>Its keys are destroyed; proof that it existed remains.</summary>
    Erased,

    /// <summary>Admitted, but no recording came of it; always with an alarm.</summary>
    Failed,

    /// <summary>Policy said never: there are no takes.</summary>
    NotRecorded,
}

/// <summary>
/// Why a take, and with its last take a call, ended. The numbers are those of the journal's type 4 record.
/// </summary>
public enum EndReason
{
    /// <summary>BYE from the recording client.</summary>
    Bye = 1,

    /// <summary>CANCEL before the answer was acknowledged.</summary>
    Cancel = 2,

    /// <summary>The session was refused.</summary>
    Rejected = 3,

    /// <summary>No media for longer than the interface allows, or no ACK.</summary>
    MediaTimeout = 4,

    /// <summary>The session timer ran out (RFC 4028).</summary>
    SessionTimeout = 5,

    /// <summary>Stopped by command.</summary>
    Stopped = 6,

    /// <summary>The recorder was shut down in order.</summary>
    Shutdown = 7,

    /// <summary>The recorder died; sealed at its next start.</summary>
    Restart = 8,

    /// <summary>Another gateway took over.</summary>
    Takeover = 9,
}

/// <summary>What policy says of a call.</summary>
public enum VerdictKind
{
    /// <summary>Record all of it.</summary>
    Record,

    /// <summary>Store no audio.</summary>
    Never,

    /// <summary>Record between start and stop commands.</summary>
    OnDemand,

    /// <summary>Undecided until more metadata comes.</summary>
    Pending,
}

/// <summary>What becomes of keys pressed in a call (RFC 4733).</summary>
public enum DigitHandling
{
    /// <summary>Stored and shown.</summary>
    Store,

    /// <summary>Stored; shown as pressed, not which.</summary>
    Mask,

    /// <summary>Card data may follow: not stored until a command allows it.</summary>
    Suppress,
}

/// <summary>The closed list of flags on a call. Their meaning stands in the API's documentation.</summary>
public static class CallFlags
{
    /// <summary>Admitted without the cluster's word; reconciled later.</summary>
    public const string Autonomous = "autonomous";

    /// <summary>The recording metadata was missing.</summary>
    public const string MetadataMissing = "metadataMissing";

    /// <summary>The recording metadata was malformed; the audio was recorded all the same.</summary>
    public const string MetadataInvalid = "metadataInvalid";

    /// <summary>Metadata and SDP disagree about labels.</summary>
    public const string LabelMismatch = "labelMismatch";

    /// <summary>A label stands on two m-lines or on two streams of the metadata.</summary>
    public const string LabelDuplicate = "labelDuplicate";

    /// <summary>The metadata names nobody who speaks on one of the streams.</summary>
    public const string SenderUnknown = "senderUnknown";

    /// <summary>The metadata refers to a participant or stream that it never described.</summary>
    public const string ReferenceDangling = "referenceDangling";

    /// <summary>A participant stands for others that the client did not know yet.</summary>
    public const string PartyPlaceholder = "partyPlaceholder";

    /// <summary>Times of the metadata cannot be believed; those of arrival stand in their place.</summary>
    public const string ClockUnreliable = "clockUnreliable";

    /// <summary>A session whose parties changed so often that its timeline is cut.</summary>
    public const string TimelineCut = "timelineCut";

    /// <summary>At least one packet is missing; the gaps are declared in the ledger.</summary>
    public const string PacketsLost = "packetsLost";

    /// <summary>At least one packet came from a source other than the stream's.</summary>
    public const string ForeignPackets = "foreignPackets";

    /// <summary>Kernel drops of a stream are those of its shard meanwhile: the most it can have lost that way.</summary>
    public const string SharedDrops = "sharedDrops";

    /// <summary>Captured under an epoch that had been superseded.</summary>
    public const string StaleEpoch = "staleEpoch";

    /// <summary>Admitted, and no take came of it; why stands in the ledger.</summary>
    public const string NotCaptured = "notCaptured";

    /// <summary>No stream carried a packet.</summary>
    public const string NoMedia = "noMedia";

    /// <summary>The line's name had to be shortened or replaced to serve as a channel's key.</summary>
    public const string LineUnknown = "lineUnknown";

    /// <summary>A pause or stop was asked for and not every take confirmed it in time.</summary>
    public const string CommandUnconfirmed = "commandUnconfirmed";

    /// <summary>The recorder was interrupted; what it missed is declared as a gap.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>SRTP keys came over SIP without TLS: anyone on the way could listen.</summary>
    public const string KeysInClear = "keysInClear";

    /// <summary>At least one SRTP packet was not authentic; it is not stored.</summary>
    public const string UnauthenticatedPackets = "unauthenticatedPackets";

    /// <summary>Less was kept before the start than the policy asked for: the pre-buffer's memory was used up.</summary>
    public const string PreBufferShort = "preBufferShort";
}

/// <summary>One decision about a call, with its explanation.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.Verdict")]
public sealed record Verdict
{
    /// <summary>When it was given.</summary>
    [Id(0)] public required DateTimeOffset At { get; init; }

    /// <summary>The decision.</summary>
    [Id(1)] public required VerdictKind Kind { get; init; }

    /// <summary>The policy that decided.</summary>
    [Id(2)] public required string Policy { get; init; }

    /// <summary>The version of that policy.</summary>
    [Id(3)] public required int Version { get; init; }

    /// <summary>The rule that decided.</summary>
    [Id(4)] public required string Rule { get; init; }

    /// <summary>The explanation: the facts that made the rule apply.</summary>
    [Id(5)] public required string Reason { get; init; }

    /// <summary>True when the gateway decided without the cluster.</summary>
    [Id(6)] public required bool Autonomous { get; init; }

    /// <summary>How long the communication is kept, from its end.</summary>
    [Id(7)] public required TimeSpan Retention { get; init; }

    /// <summary>Why it is recorded, in the policy's words.</summary>
    [Id(8)] public required string Purpose { get; init; }

    /// <summary>Seconds before a start that are recorded too; 0, and then left out of the API, for none.</summary>
    [Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int PreBufferSeconds { get; init; }

    /// <summary>What becomes of keys pressed; <see cref="DigitHandling.Store"/> is left out of the API.</summary>
    [Id(10), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public DigitHandling Digits { get; init; }

    /// <summary>Of a pending call: seconds until it is decided with what is known by then.</summary>
    [Id(11), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int PendingSeconds { get; init; }

    /// <summary>
    /// The legal basis that the rule states; null, and then left out of the API, where it states none.
    /// </summary>
    [Id(12), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LegalBasis? LegalBasis { get; init; }

    /// <summary>Days to which the retention may be extended; 0, and then left out of the API, for never.</summary>
    [Id(13), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ExtendableToDays { get; init; }

    /// <summary>What the parties must be told or hear.</summary>
    [Id(14), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public NoticeKind Notice { get; init; }

    /// <summary>Who may listen; null, and then left out of the API, for everyone whom it lets in.</summary>
    [Id(15), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Listeners { get; init; }

    /// <summary>Whether the rule is a duty.</summary>
    [Id(16), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public PolicyDuty Duty { get; init; }

    /// <summary>
    /// The opposite duty that this one overruled; null, and then left out of the API, for no conflict.
    /// </summary>
    [Id(17), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VerdictConflict? Conflict { get; init; }

    /// <summary>True when both say the same, their lists of listeners included.</summary>
    public bool SaysAs(Verdict other) =>
        this with { Listeners = other.Listeners } == other
        && (Listeners ?? []).SequenceEqual(other.Listeners ?? [], StringComparer.Ordinal);
}

/// <summary>A duty that applied too, demanded the opposite and was overruled: the strongest of those.</summary>
/// <param name="Rule">Its rule.</param>
/// <param name="Duty">What it demanded.</param>
/// <param name="Reason">The facts that made it apply.</param>
[GenerateSerializer, Immutable, Alias("Talreg.VerdictConflict")]
public sealed record VerdictConflict(
    [property: Id(0)] string Rule, [property: Id(1)] PolicyDuty Duty, [property: Id(2)] string Reason);

/// <summary>A party of a call (RFC 7865 §6.5).</summary>
[GenerateSerializer, Immutable, Alias("Talreg.Participant")]
public sealed record Participant
{
    /// <summary>The participant id of the metadata, or one the gateway made.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>Address of record, with its scheme.</summary>
    [Id(1)] public required string Aor { get; init; }

    /// <summary>Display name, or null.</summary>
    [Id(2)] public string? Name { get; init; }
}

/// <summary>One stream of a take as far as it is known.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.StreamDocument")]
public sealed record StreamDocument
{
    /// <summary>0-based index in the take.</summary>
    [Id(0)] public required int Index { get; init; }

    /// <summary>The SDP label (RFC 4574), or empty.</summary>
    [Id(1)] public required string Label { get; init; }

    /// <summary>The SDP encoding name, such as <c>PCMA</c>.</summary>
    [Id(2)] public required string Codec { get; init; }

    /// <summary>The id of the participant that sends it, or null when metadata does not say.</summary>
    [Id(3)] public string? Participant { get; init; }

    /// <summary>Media packets stored.</summary>
    [Id(4)] public long Packets { get; init; }

    /// <summary>Sequence numbers that never came.</summary>
    [Id(5)] public long Lost { get; init; }

    /// <summary>Datagrams the kernel dropped on the stream's shard meanwhile.</summary>
    [Id(6)] public long KernelDrops { get; init; }

    /// <summary>Packets that came after their successor.</summary>
    [Id(7)] public long Late { get; init; }

    /// <summary>Packets from another source than the stream's; stored, but kept apart.</summary>
    [Id(8)] public long Foreign { get; init; }

    /// <summary>Arrival of the first packet.</summary>
    [Id(9)] public DateTimeOffset? FirstAt { get; init; }

    /// <summary>Arrival of the last packet.</summary>
    [Id(10)] public DateTimeOffset? LastAt { get; init; }

    /// <summary>SRTP packets that were not authentic; not stored. Left out of the API while 0.</summary>
    [Id(11), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Unauthenticated { get; init; }

    /// <summary>Telephone events that were kept out of the store by command. Left out of the API while 0.</summary>
    [Id(12), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long DigitsSuppressed { get; init; }

    /// <summary>How well it came; null, and then left out of the API, where it was not measured.</summary>
    [Id(13), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StreamQualityDocument? Quality { get; init; }
}

/// <summary>How well a stream came. What came while recording was off is left out. Whole numbers: the call is sealed.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.StreamQualityDocument")]
public sealed record StreamQualityDocument
{
    /// <summary>Interarrival jitter at the end, in microseconds (RFC 3550 §6.4.1).</summary>
    [Id(0)] public required long JitterUs { get; init; }

    /// <summary>The most it was, in microseconds.</summary>
    [Id(1)] public required long MaxJitterUs { get; init; }

    /// <summary>Packets that never came, of a million.</summary>
    [Id(2)] public required long LossPpm { get; init; }

    /// <summary>Bursts of loss (RFC 3611 §4.7.2).</summary>
    [Id(3)] public required long Bursts { get; init; }

    /// <summary>Lost within bursts, of a million.</summary>
    [Id(4)] public required long BurstLossPpm { get; init; }

    /// <summary>Lost between bursts, of a million.</summary>
    [Id(5)] public required long GapLossPpm { get; init; }

    /// <summary>
    /// Transmission rating R without delay (ITU-T G.107) in tenths, 0 to 932; null for codecs without published values.
    /// </summary>
    [Id(6)] public long? RatingTenths { get; init; }

    /// <summary>Mean opinion score of the rating in hundredths, 100 to 450; null without one.</summary>
    [Id(7)] public long? MosHundredths { get; init; }
}

/// <summary>One captured copy of a call.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.TakeDocument")]
public sealed record TakeDocument
{
    /// <summary>The take's id.</summary>
    [Id(0)] public required TakeId Id { get; init; }

    /// <summary>The gateway that captured it.</summary>
    [Id(1)] public required string Gateway { get; init; }

    /// <summary>The epoch under which it captured.</summary>
    [Id(2)] public required long Epoch { get; init; }

    /// <summary>True when it is a recording with its seal in the ledger.</summary>
    [Id(3)] public bool Sealed { get; init; }

    /// <summary>Chunks that are on stable storage.</summary>
    [Id(4)] public long CommittedChunks { get; init; }

    /// <summary>Its streams, by index.</summary>
    [Id(5)] public required IReadOnlyList<StreamDocument> Streams { get; init; }

    /// <summary>
    /// The leaf of its seal; null before. Kept by the call's grain, not part of the Call that the API gives.
    /// </summary>
    [Id(6), JsonIgnore] public long? Leaf { get; init; }
}

/// <summary>Where a call's last seal stands in its tenant's ledger.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.EvidenceDocument")]
public sealed record EvidenceDocument([property: Id(0)] long Leaf, [property: Id(1)] long CheckpointSize);

/// <summary>A call, as the API gives it. Field by field the contract of <c>/api/v1</c>.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.CallDocument")]
public sealed record CallDocument
{
    /// <summary>The call's id.</summary>
    [Id(0)] public required CallId Id { get; init; }

    /// <summary>The customer it belongs to.</summary>
    [Id(1)] public required string Tenant { get; init; }

    /// <summary>The kind of communication: always <c>call</c> here.</summary>
    [Id(2)] public string Kind { get; init; } = "call";

    /// <summary>The recording session's id: of the metadata, else the Call-ID.</summary>
    [Id(3)] public required string SessionId { get; init; }

    /// <summary>Channels as <c>{interface}/{line}</c>.</summary>
    [Id(4)] public required IReadOnlyList<string> Channels { get; init; }

    /// <summary>Where it is in its life.</summary>
    [Id(5)] public required CallState State { get; init; }

    /// <summary>When it was offered.</summary>
    [Id(6)] public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When its last take ended; null while active.</summary>
    [Id(7)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it ended; null while active.</summary>
    [Id(8)] public EndReason? EndReason { get; init; }

    /// <summary>Every decision, in order.</summary>
    [Id(9)] public required IReadOnlyList<Verdict> Verdicts { get; init; }

    /// <summary>Everyone who took part.</summary>
    [Id(10)] public required IReadOnlyList<Participant> Participants { get; init; }

    /// <summary>Ids of calls that belong with this one.</summary>
    [Id(11)] public IReadOnlyList<CallId> Links { get; init; } = [];

    /// <summary>Doubts, from <see cref="CallFlags"/>, sorted.</summary>
    [Id(12)] public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>Its takes, in the order they started.</summary>
    [Id(13)] public IReadOnlyList<TakeDocument> Takes { get; init; } = [];

    /// <summary>Its place in the ledger; null before the first seal.</summary>
    [Id(14)] public EvidenceDocument? Evidence { get; init; }

    /// <summary>What vendors say of it beyond the standards, each name and value once.</summary>
    [Id(15)] public IReadOnlyList<CallAttribute> Attributes { get; init; } = [];

    /// <summary>Who was on which stream from when to when, in the order it became known.</summary>
    [Id(16)] public IReadOnlyList<TimelineEntry> Timeline { get; init; } = [];

    /// <summary>
    /// Which way it went, as policy saw it; null, and then left out, for calls from before this was kept.
    /// </summary>
    [Id(17), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CallDirection? Direction { get; init; }
}
