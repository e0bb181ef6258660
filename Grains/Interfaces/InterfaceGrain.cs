using Talreg.Contracts.Gateways;

namespace Talreg.Grains.Interfaces;

/// <summary>Raises an interface's epoch by compare-and-swap of its state; being single is not relied on.</summary>
public sealed class InterfaceGrain(
    [PersistentState(
        "interface", GrainsOptions.Storage)] IPersistentState<InterfaceGrainState> state) : Grain, IInterfaceGrain
{
    /// <inheritdoc />
    public async Task<InterfaceLease> AcquireAsync(string gateway, Guid incarnation)
    {
        if (state.State.Lease is { } held && held.Incarnation == incarnation && held.Gateway == gateway)
        {
            return held;
        }

        var (_, name) = GrainKeys.Split(this.GetPrimaryKeyString());
        var lease = new InterfaceLease(name, gateway, incarnation, (state.State.Lease?.Epoch ?? 0) + 1);
        var known = state.State;
        state.State = new InterfaceGrainState { Lease = lease };
        await StateWrites.WriteOrRestoreAsync(state, known);
        return lease;
    }

    /// <inheritdoc />
    public Task<InterfaceLease?> GetAsync() => Task.FromResult(state.State.Lease);
}

/// <summary>State of <see cref="InterfaceGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.InterfaceGrainState")]
public sealed class InterfaceGrainState
{
    /// <summary>The lease in force.</summary>
    [Id(0)] public InterfaceLease? Lease { get; set; }
}
