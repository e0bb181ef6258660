namespace Talreg.Contracts.Policies;

/// <summary>One version of a policy.</summary>
/// <param name="Policy">The policy's name.</param>
/// <param name="Version">Its number, from 1.</param>
/// <param name="Document">Its text; null where a history leaves it out: read the version alone then.</param>
/// <param name="DraftedBy">Who wrote it.</param>
/// <param name="DraftedAt">When.</param>
/// <param name="ActivatedBy">Who put it in force last; null for nobody yet.</param>
/// <param name="ActivatedAt">From when on; may lie ahead.</param>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyVersion")]
public sealed record PolicyVersion(
    [property: Id(0)] string Policy,
    [property: Id(1)] int Version,
    [property: Id(2)] PolicyDocument? Document,
    [property: Id(3)] string DraftedBy,
    [property: Id(4)] DateTimeOffset DraftedAt,
    [property: Id(5)] string? ActivatedBy,
    [property: Id(6)] DateTimeOffset? ActivatedAt)
{
    /// <summary>Who approved it last; null for nobody.</summary>
    [Id(7)] public string? ApprovedBy { get; init; }

    /// <summary>When.</summary>
    [Id(8)] public DateTimeOffset? ApprovedAt { get; init; }

    /// <summary>The last simulation that came to its end; null for none.</summary>
    [Id(9)] public PolicySimulationResult? Simulation { get; init; }
}

/// <summary>That a version is in force from a moment on.</summary>
/// <param name="Version">The version.</param>
/// <param name="At">From when on; may lie ahead.</param>
/// <param name="By">Who said so.</param>
/// <param name="OrderedAt">When they said so.</param>
/// <param name="ApprovedBy">Who approved it; null where none was needed.</param>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyActivation")]
public sealed record PolicyActivation(
    [property: Id(0)] int Version,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2)] string By,
    [property: Id(3)] DateTimeOffset OrderedAt,
    [property: Id(4)] string? ApprovedBy);

/// <summary>A policy, as the API gives it.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="ActiveVersion">The version in force; 0 for none.</param>
/// <param name="Versions">All versions, number 1 first; the newest with their text.</param>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyHistory")]
public sealed record PolicyHistory(
    [property: Id(0)] string Policy,
    [property: Id(1)] int ActiveVersion,
    [property: Id(2)] IReadOnlyList<PolicyVersion> Versions)
{
    /// <summary>Which version was put in force from when on, in the order it was said.</summary>
    [Id(3)] public IReadOnlyList<PolicyActivation> Activations { get; init; } = [];
}

/// <summary>What a simulation that came to its end found.</summary>
/// <param name="By">Who asked for it.</param>
/// <param name="At">When it ended.</param>
/// <param name="From">Calls that started at or after.</param>
/// <param name="To">Calls that started before.</param>
/// <param name="Calls">Calls that the policy decided then.</param>
/// <param name="Changed">Those that the version would have decided otherwise.</param>
[GenerateSerializer, Immutable, Alias("Talreg.PolicySimulationResult")]
public sealed record PolicySimulationResult(
    [property: Id(0)] string By,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2)] DateTimeOffset From,
    [property: Id(3)] DateTimeOffset To,
    [property: Id(4)] long Calls,
    [property: Id(5)] long Changed);
