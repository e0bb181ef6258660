using Talreg.Contracts.Policies;

namespace Talreg.Grains.Policies;

/// <summary>The text of one version.</summary>
public sealed class PolicyTextGrain(
    [PersistentState("policytext", GrainsOptions.Storage)] IPersistentState<PolicyTextState> state)
    : Grain, IPolicyTextGrain
{
    /// <inheritdoc />
    public Task<PolicyDocument?> GetAsync() => Task.FromResult(state.State.Document);

    /// <inheritdoc />
    public Task PutAsync(PolicyDocument document)
    {
        // Again only after a draft that got no further than this: its number was given to nobody.
        var known = state.State;
        state.State = new PolicyTextState { Document = document };
        return StateWrites.WriteOrRestoreAsync(state, known);
    }
}

/// <summary>State of <see cref="PolicyTextGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.PolicyTextState")]
public sealed class PolicyTextState
{
    /// <summary>The text; null before it was put.</summary>
    [Id(0)] public PolicyDocument? Document { get; set; }
}
