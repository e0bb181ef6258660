namespace Talreg.Contracts.Policies;

/// <summary>A retention policy. Key: <c>{tenant}/{policy}</c>.</summary>
/// <remarks>
/// A version is drafted, simulated, approved by a second person, and put in force at a moment. The policy
/// <c>default</c> exists
/// from the start as version 1: one rule, <c>all</c>, that records everything for five years.
/// </remarks>
[Alias("Talreg.IRetentionPolicyGrain")]
public interface IRetentionPolicyGrain : IGrainWithStringKey
{
    /// <summary>All versions; null when there is no such policy.</summary>
    [Alias("Get")]
    Task<PolicyHistory?> GetAsync();

    /// <summary>The version in force, with its text; null when there is none.</summary>
    [Alias("GetActive")]
    Task<PolicyVersion?> GetActiveAsync();

    /// <summary>The number of the version in force; 0 when there is none.</summary>
    /// <param name="ahead">How far ahead of now.</param>
    [Alias("GetActiveNumber")]
    Task<int> GetActiveNumberAsync(TimeSpan ahead);

    /// <summary>One version with its text; null when there is none.</summary>
    [Alias("GetVersion")]
    Task<PolicyVersion?> GetVersionAsync(int version);

    /// <summary>Adds a draft.</summary>
    /// <exception cref="RefusalException"><see cref="RefusalKind.Invalid"/>, naming each fault.</exception>
    [Alias("Draft")]
    Task<PolicyVersion> DraftAsync(PolicyDocument document, string actor);

    /// <summary>Notes what a simulation found. Told by <see cref="IPolicySimulationGrain"/>.</summary>
    /// <exception cref="RefusalException">No such version.</exception>
    [Alias("Simulated")]
    Task SimulatedAsync(int version, PolicySimulationResult result);

    /// <summary>A second person has seen the version and lets it be put in force, once.</summary>
    /// <exception cref="RefusalException">
    /// No such version; not simulated; <see cref="RefusalKind.Forbidden"/> for who drafted it.
    /// </exception>
    [Alias("Approve")]
    Task<PolicyVersion> ApproveAsync(int version, string actor);

    /// <summary>Puts a version in force.</summary>
    /// <param name="version">The version.</param>
    /// <param name="actor">Who says so.</param>
    /// <param name="at">From when on; null for now.</param>
    /// <exception cref="RefusalException">
    /// No such version; a moment that is past; <see cref="RefusalKind.Forbidden"/> without the approval it needs.
    /// </exception>
    [Alias("ActivateAt")]
    Task<PolicyVersion> ActivateAsync(int version, string actor, DateTimeOffset? at = null);

    /// <summary>Takes back what was to come into force later.</summary>
    /// <exception cref="RefusalException">Nothing of that version lies ahead.</exception>
    [Alias("Withdraw")]
    Task<PolicyVersion> WithdrawAsync(int version, string actor);
}

/// <summary>The text of one version, written once. Key: <c>{tenant}/{policy}/{version}</c>.</summary>
/// <remarks>Apart from its policy's grain, so that what decides who may do what never holds a thousand texts.</remarks>
[Alias("Talreg.IPolicyTextGrain")]
public interface IPolicyTextGrain : IGrainWithStringKey
{
    /// <summary>The text; null when none was put.</summary>
    [Alias("Get")]
    Task<PolicyDocument?> GetAsync();

    /// <summary>Keeps a text. Told by the policy's grain before the version exists.</summary>
    [Alias("Put")]
    Task PutAsync(PolicyDocument document);
}
