using System.Text.Json.Serialization;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;

namespace Talreg.Contracts.Policies;

/// <summary>One rule. Null conditions match everything; all that are given must match.</summary>
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
    /// Of an on-demand or pending call: seconds before the start that are recorded too, 0 to 60. Until then they lie in RAM only.
    /// </summary>
    [Id(8), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int PreBufferSeconds { get; init; }

    /// <summary>What becomes of keys pressed: card data may follow, or they may be nobody's to read.</summary>
    [Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public DigitHandling Digits { get; init; }
}

/// <summary>
/// A policy's text: rules, first match wins; there must be a rule that matches everything, and it is the last.
/// </summary>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyDocument")]
public sealed record PolicyDocument([property: Id(0)] IReadOnlyList<PolicyRule> Rules);

/// <summary>One version of a policy.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyVersion")]
public sealed record PolicyVersion(
    [property: Id(0)] string Policy,
    [property: Id(1)] int Version,
    [property: Id(2)] PolicyDocument Document,
    [property: Id(3)] string DraftedBy,
    [property: Id(4)] DateTimeOffset DraftedAt,
    [property: Id(5)] string? ActivatedBy,
    [property: Id(6)] DateTimeOffset? ActivatedAt);

/// <summary>A policy, as the API gives it.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyHistory")]
public sealed record PolicyHistory(
    [property: Id(0)] string Policy,
    [property: Id(1)] int ActiveVersion,
    [property: Id(2)] IReadOnlyList<PolicyVersion> Versions);

/// <summary>A retention policy. Key: <c>{tenant}/{policy}</c>.</summary>
/// <remarks>
/// The policy <c>default</c> exists from the start as version 1: one rule, <c>all</c>, that records everything for
/// five years.
/// </remarks>
[Alias("Talreg.IRetentionPolicyGrain")]
public interface IRetentionPolicyGrain : IGrainWithStringKey
{
    /// <summary>All versions; null when there is no such policy.</summary>
    [Alias("Get")]
    Task<PolicyHistory?> GetAsync();

    /// <summary>The version in force; null when there is none.</summary>
    [Alias("GetActive")]
    Task<PolicyVersion?> GetActiveAsync();

    /// <summary>Adds a draft.</summary>
    /// <exception cref="RefusalException"><see cref="RefusalKind.Invalid"/>, naming each fault.</exception>
    [Alias("Draft")]
    Task<PolicyVersion> DraftAsync(PolicyDocument document, string actor);

    /// <summary>Puts a version in force from now on.</summary>
    /// <exception cref="RefusalException">No such version.</exception>
    [Alias("Activate")]
    Task<PolicyVersion> ActivateAsync(int version, string actor);
}
