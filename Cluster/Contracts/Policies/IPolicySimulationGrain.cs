using Talreg.Contracts.Calls;

namespace Talreg.Contracts.Policies;

/// <summary>Whether a simulation goes on.</summary>
public enum SimulationState
{
    /// <summary>It goes on.</summary>
    Running,

    /// <summary>It looked at every call.</summary>
    Complete,

    /// <summary>It could not go on; start it again.</summary>
    Failed,
}

/// <summary>A call that a version would have decided otherwise.</summary>
/// <param name="Call">The call.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Decided">What was decided then.</param>
/// <param name="Simulated">What the version would have decided.</param>
[GenerateSerializer, Immutable, Alias("Talreg.SimulatedCall")]
public sealed record SimulatedCall(
    [property: Id(0)] CallId Call,
    [property: Id(1)] DateTimeOffset StartedAt,
    [property: Id(2)] Verdict Decided,
    [property: Id(3)] Verdict Simulated);

/// <summary>What a version would have decided of calls that were, as far as it is known.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.PolicySimulation")]
public sealed record PolicySimulation
{
    /// <summary>The policy.</summary>
    [Id(0)] public required string Policy { get; init; }

    /// <summary>The version.</summary>
    [Id(1)] public required int Version { get; init; }

    /// <summary>Whether it goes on.</summary>
    [Id(2)] public required SimulationState State { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    [Id(3)] public string? Fault { get; init; }

    /// <summary>Calls that started at or after.</summary>
    [Id(4)] public required DateTimeOffset From { get; init; }

    /// <summary>Calls that started before.</summary>
    [Id(5)] public required DateTimeOffset To { get; init; }

    /// <summary>Calls looked at that the policy had decided.</summary>
    [Id(6)] public long Calls { get; init; }

    /// <summary>Those that would have been decided otherwise.</summary>
    [Id(7)] public long Changed { get; init; }

    /// <summary>Those whose direction was not kept then; simulated as unknown.</summary>
    [Id(8)] public long DirectionUnknown { get; init; }

    /// <summary>How many of the changed are listed, at most 10,000.</summary>
    [Id(9)] public int Listed { get; init; }

    /// <summary>A page of those listed, newest first.</summary>
    [Id(10)] public IReadOnlyList<SimulatedCall> Items { get; init; } = [];

    /// <summary>The offset of the next page; null at the end of what is listed so far.</summary>
    [Id(11)] public int? Next { get; init; }
}

/// <summary>Tries a version on calls that were. Key: <c>{tenant}/{policy}/{version}</c>.</summary>
/// <remarks>
/// Its findings are in memory: an hour after the last question, or with its silo, they are gone; the sum stays.
/// </remarks>
[Alias("Talreg.IPolicySimulationGrain")]
public interface IPolicySimulationGrain : IGrainWithStringKey
{
    /// <summary>Begins, or begins anew; answers at once.</summary>
    /// <exception cref="RefusalException">No such version, or an empty window of time.</exception>
    [Alias("Start")]
    Task<PolicySimulation> StartAsync(DateTimeOffset from, DateTimeOffset to, string actor);

    /// <summary>How far it is, with a page of what it found; null when none was started here.</summary>
    [Alias("Get")]
    Task<PolicySimulation?> GetAsync(int offset, int limit);
}
