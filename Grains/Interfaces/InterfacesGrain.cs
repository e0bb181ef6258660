using Talreg.Contracts;
using Talreg.Contracts.Gateways;

namespace Talreg.Grains.Interfaces;

/// <summary>Remembers the names of a tenant's interfaces.</summary>
public sealed class InterfacesGrain(
    [PersistentState(
        "interfaces", GrainsOptions.Storage)] IPersistentState<InterfacesGrainState> state) : Grain, IInterfacesGrain
{
    /// <inheritdoc />
    public async Task NoteAsync(string @interface)
    {
        var known = state.State;
        if (known.Names.Contains(@interface))
        {
            return;
        }

        if (known.Names.Count >= IInterfacesGrain.MaxInterfaces)
        {
            throw new RefusalException(
                RefusalKind.Unavailable,
                $"{IInterfacesGrain.MaxInterfaces} interfaces are known already; {@interface} is not listed.");
        }

        state.State = new InterfacesGrainState { Names = [.. known.Names, @interface] };
        await StateWrites.WriteOrRestoreAsync(state, known);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> ListAsync() =>
        Task.FromResult<IReadOnlyList<string>>([.. state.State.Names.Order(StringComparer.Ordinal)]);
}

/// <summary>State of <see cref="InterfacesGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.InterfacesGrainState")]
public sealed class InterfacesGrainState
{
    /// <summary>The interfaces' names.</summary>
    [Id(0)] public List<string> Names { get; set; } = [];
}
