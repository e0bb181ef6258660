using System.Text.Json.Serialization;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Json;

namespace Talreg.Contracts.Policies;

/// <summary>
/// One rule: conditions, a verdict and its terms. Null conditions match everything; all that are given must match.
/// </summary>
/// <remarks>
/// Members that came later are left out of the JSON while they hold their default, so that the hash of a document that
/// never
/// used them stays what its ledger leaf says.
/// </remarks>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyRule")]
public sealed record PolicyRule
{
    /// <summary>The rule's name, unique in its policy.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary><c>{interface}/{line}</c>, or <c>{interface}/*</c>.</summary>
    [Id(1)] public string? Channel { get; init; }

    /// <summary>Prefix of the calling party's number or user part.</summary>
    [Id(2)] public string? CallingPrefix { get; init; }

    /// <summary>Prefix of the called party's number or user part.</summary>
    [Id(3)] public string? CalledPrefix { get; init; }

    /// <summary>Direction of the call.</summary>
    [Id(4)] public CallDirection? Direction { get; init; }

    /// <summary>The verdict.</summary>
    [Id(5)] public required VerdictKind Verdict { get; init; }

    /// <summary>Days the recording is kept, 1 to 36,525.</summary>
    [Id(6)] public required int RetentionDays { get; init; }

    /// <summary>Why: the purpose of the processing, in words.</summary>
    [Id(7)] public required string Purpose { get; init; }

    /// <summary>
    /// Of an on-demand or pending call: seconds before the start that are recorded too, 0 to 60. Until then they lie in
    /// RAM only.
    /// </summary>
    [Id(8), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int PreBufferSeconds { get; init; }

    /// <summary>What becomes of keys pressed: card data may follow, or they may be nobody's to read.</summary>
    [Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), JsonConverter(typeof(RuleDigitsConverter))]
    public DigitHandling Digits { get; init; }

    /// <summary>The tenant's name.</summary>
    [Id(10), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tenant { get; init; }

    /// <summary>The interface's name.</summary>
    [Id(11), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Interface { get; init; }

    /// <summary>The channel is in this group of the document.</summary>
    [Id(12), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ChannelGroup { get; init; }

    /// <summary>The calling party.</summary>
    [Id(13), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PartyCondition? Calling { get; init; }

    /// <summary>The called party.</summary>
    [Id(14), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PartyCondition? Called { get; init; }

    /// <summary>Whoever takes part: calling, called, or any participant known so far.</summary>
    [Id(15), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PartyCondition? Party { get; init; }

    /// <summary>When the call began.</summary>
    [Id(16), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeCondition? Time { get; init; }

    /// <summary>Whether the parties agreed.</summary>
    [Id(17), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ConsentCondition? Consent { get; init; }

    /// <summary>What the process says the call is for.</summary>
    [Id(18), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallPurpose { get; init; }

    /// <summary>Fields of the metadata; all of them must match.</summary>
    [Id(19), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldCondition>? Fields { get; init; }

    /// <summary>The language spoken, a range of RFC 4647 §3.3.1: <c>sv</c> matches <c>sv-SE</c>.</summary>
    [Id(20), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Language { get; init; }

    /// <summary>Whether the process says that card data comes next.</summary>
    [Id(21), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? CardDataNext { get; init; }

    /// <summary>Whether the verdict is a duty; duties go before every rule without one.</summary>
    [Id(22), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public PolicyDuty Duty { get; init; }

    /// <summary>Among duties the higher rank goes first, 0 to 100.</summary>
    [Id(23), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Rank { get; init; }

    /// <summary>Of a pending call: seconds until it is decided with what is known by then, 0 to 60.</summary>
    [Id(24), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int PendingSeconds { get; init; }

    /// <summary>The legal basis (GDPR Article 6(1)); null where the policy does not state one.</summary>
    [Id(25), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LegalBasis? LegalBasis { get; init; }

    /// <summary>
    /// Days to which the retention may be extended on request, such as 7 years instead of 5; 0 for never.
    /// </summary>
    [Id(26), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ExtendableToDays { get; init; }

    /// <summary>What the parties must be told or hear.</summary>
    [Id(27), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public NoticeKind Notice { get; init; }

    /// <summary>Names of the callers of the API who may listen; null for everyone whom it lets in.</summary>
    [Id(28), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Listeners { get; init; }
}

/// <summary>What a rule's verdict is owed to.</summary>
public enum PolicyDuty
{
    /// <summary>No duty: the policy's choice.</summary>
    None,

    /// <summary>The call must be recorded.</summary>
    MustRecord,

    /// <summary>The call must not be recorded.</summary>
    MustNotRecord,
}

/// <summary>The legal basis of a processing: GDPR Article 6(1), points (a) to (f) in order.</summary>
public enum LegalBasis
{
    /// <summary>The person agreed.</summary>
    Consent,

    /// <summary>A contract with the person, or steps before it.</summary>
    Contract,

    /// <summary>A duty under law.</summary>
    LegalObligation,

    /// <summary>Somebody's life.</summary>
    VitalInterests,

    /// <summary>A task in the public interest.</summary>
    PublicTask,

    /// <summary>Interests that the person's do not override.</summary>
    LegitimateInterests,
}

/// <summary>What a verdict demands that the parties are told or hear. The recording client does it.</summary>
public enum NoticeKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>An announcement before the recording.</summary>
    Announcement,

    /// <summary>A tone that comes again while it is recorded.</summary>
    Beep,
}
