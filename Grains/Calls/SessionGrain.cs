using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.Grains.Calls;

/// <summary>
/// Hands out a recording session's call id: the first proposal wins and is on stable storage before it is answered. Its row
/// expires <see cref="KeptAfterEnd"/> after the call's end.
/// </summary>
public sealed class SessionGrain(
    [PersistentState("session", GrainsOptions.Storage)] IPersistentState<SessionGrainState> state,
    TimeProvider clock) : Grain, ISessionGrain
{
    /// <summary>How long after its call's end a session is still known to be of that call.</summary>
    public static readonly TimeSpan KeptAfterEnd = TimeSpan.FromHours(24);

    /// <summary>
    /// How long a session is known whose end nobody told: the longest call that others may still join, and the time in which
    /// calls that share a link key point at each other.
    /// </summary>
    public static readonly TimeSpan KeptWithoutEnd = TimeSpan.FromDays(30);

    /// <inheritdoc />
    public async Task<CallId> ResolveAsync(CallId proposed)
    {
        if (state.State.Call is { } call)
        {
            return call;
        }

        var known = state.State;
        state.State = new SessionGrainState { Call = proposed, DueAt = clock.GetUtcNow() + KeptWithoutEnd };
        await StateWrites.WriteOrRestoreAsync(state, known);
        return proposed;
    }

    /// <inheritdoc />
    public async Task EndedAsync(DateTimeOffset at)
    {
        if (state.State.Call is not { } call)
        {
            return;
        }

        var known = state.State;
        state.State = new SessionGrainState { Call = call, DueAt = at + KeptAfterEnd };
        await StateWrites.WriteOrRestoreAsync(state, known);
    }
}

/// <summary>State of <see cref="SessionGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.SessionGrainState")]
public sealed class SessionGrainState : IExpiringState
{
    /// <summary>The call the session belongs to.</summary>
    [Id(0)] public CallId? Call { get; set; }

    /// <inheritdoc />
    [Id(1)] public DateTimeOffset? DueAt { get; set; }
}
