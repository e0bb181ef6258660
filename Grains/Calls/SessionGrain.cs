using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.Grains.Calls;

/// <summary>
/// Hands out a recording session's call id: the first proposal wins and is on stable storage before it is answered.
/// </summary>
public sealed class SessionGrain(
    [PersistentState(
        "session", GrainsOptions.Storage)] IPersistentState<SessionGrainState> state) : Grain, ISessionGrain
{
    /// <inheritdoc />
    public async Task<CallId> ResolveAsync(CallId proposed)
    {
        if (state.State.Call is { } call)
        {
            return call;
        }

        var known = state.State;
        state.State = new SessionGrainState { Call = proposed };
        await StateWrites.WriteOrRestoreAsync(state, known);
        return proposed;
    }
}

/// <summary>State of <see cref="SessionGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.SessionGrainState")]
public sealed class SessionGrainState
{
    /// <summary>The call the session belongs to.</summary>
    [Id(0)] public CallId? Call { get; set; }
}
