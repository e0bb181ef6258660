using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Ownership;

/// <summary>
/// What a gateway does on an interface that others stand by for, as pure functions: what it knows and an event in,
/// what it knows and is to do out. The database decides who owns; this decides when to ask it, and who is silent
/// meanwhile.
/// </summary>
internal static class OwnershipMachine
{
    /// <summary>A gateway that joined.</summary>
    public static OwnershipState Begin(
        string gateway, Guid incarnation, InterfaceOwnership joined, TimeSpan now) => Learn(
        new OwnershipState
        {
            Gateway = gateway,
            Incarnation = incarnation,
            Known = joined,
            Role = GatewayRole.Standby,
            TickedAt = now,
            HeardAt = now,
        },
        joined,
        now,
        now);

    /// <summary>
    /// Time passed. Called every <see cref="OwnershipTiming.Beat"/>, later when the process stood still.
    /// </summary>
    public static (OwnershipState State, OwnershipStep Step) Tick(OwnershipState state, TimeSpan now)
    {
        var stoodStill = now - state.TickedAt > OwnershipTiming.Silence;
        state = state with { TickedAt = now };
        switch (state.Role)
        {
            case GatewayRole.Owner:
                state = stoodStill ? state with { IsProved = false, StoodStillUntil = now } : state;
                return (state, state.IsProved ? OwnershipStep.None : OwnershipStep.Read);
            case GatewayRole.Standby or GatewayRole.Suspect when stoodStill:
                // It was this gateway that was not there to hear. A takeover under way would begin with what it knew
                // before.
                return (state with { Role = GatewayRole.Standby, HeardAt = now }, OwnershipStep.Read);
            case GatewayRole.Standby when IsSilent(state, now):
            case GatewayRole.Suspect when now >= state.AgainAt:
                return (state with { Role = GatewayRole.TakingOver }, OwnershipStep.TakeOver);
            default:
                return (state, OwnershipStep.None);
        }
    }

    /// <summary>An authentic heartbeat of another member came.</summary>
    public static (OwnershipState State, OwnershipStep Step) Hear(
        OwnershipState state, Heartbeat heard, TimeSpan now)
    {
        if (heard.Epoch > state.Known.Lease.Epoch)
        {
            // An owner that hears this is one no more, whatever the database can say about it now.
            return (
                state.Role == GatewayRole.Owner
                    ? state with { Role = state.IsHandingOver ? GatewayRole.Withdrawn : GatewayRole.Stale }
                    : state,
                OwnershipStep.Read);
        }

        if (heard.Incarnation != state.Known.Lease.Incarnation || heard.Role != GatewayRole.Owner)
        {
            return (state, OwnershipStep.None);
        }

        state = state with { HeardAt = now, WasHeard = true };
        return (
            state.Role == GatewayRole.Suspect
                ? state with { Role = GatewayRole.Standby, Obstacle = null, Failures = 0 }
                : state,
            OwnershipStep.None);
    }

    /// <summary>The database said how the interface stands.</summary>
    /// <param name="state">What was known.</param>
    /// <param name="said">What it said.</param>
    /// <param name="askedAt">When it was asked.</param>
    /// <param name="now">When it answered.</param>
    public static OwnershipState Learn(
        OwnershipState state, InterfaceOwnership said, TimeSpan askedAt, TimeSpan now)
    {
        var before = state.Known.Lease;
        if (said.Lease.Epoch < before.Epoch)
        {
            // Answers overtake each other.
            return state;
        }

        var isNewOwner = said.Lease.Incarnation != before.Incarnation;
        state = state with
        {
            Known = said,
            WasHeard = state.WasHeard && !isNewOwner,
            IsHandingOver = state.IsHandingOver && said.Lease.Incarnation == state.Incarnation,
        };
        if (said.Lease.Incarnation == state.Incarnation)
        {
            return state with
            {
                Role = GatewayRole.Owner,
                OwnEpoch = said.Lease.Epoch,
                IsProved = state.Role != GatewayRole.Owner || state.IsProved || askedAt >= state.StoodStillUntil,
                Obstacle = null,
                Failures = 0,
            };
        }

        return state.Role switch
        {
            // A stale one may have been told so by a heartbeat before the database could say that it went of its own
            // will.
            GatewayRole.Owner or GatewayRole.Stale when state.Rank < 0 => state with
            {
                Role = said.GivenUp == state.OwnEpoch ? GatewayRole.Withdrawn : GatewayRole.Stale,
            },
            GatewayRole.Withdrawn when state.Rank < 0 => state,
            GatewayRole.Suspect or GatewayRole.TakingOver when !isNewOwner => state,
            _ => state with
            {
                Role = GatewayRole.Standby,
                Obstacle = null,
                Failures = 0,
                HeardAt = state.Role == GatewayRole.Standby && !isNewOwner ? state.HeardAt : now,
            },
        };
    }

    /// <summary>A takeover did not come about.</summary>
    /// <param name="state">What was known.</param>
    /// <param name="obstacle">Why, for a person.</param>
    /// <param name="now">When.</param>
    public static OwnershipState Fail(OwnershipState state, string obstacle, TimeSpan now) =>
        state.Role == GatewayRole.TakingOver
            ? state with
            {
                Role = GatewayRole.Suspect,
                AgainAt = now + OwnershipTiming.Again,
                Obstacle = obstacle,
                Failures = state.Failures + 1,
            }
            : state;

    /// <summary>True for a gateway that has to join again to stand by, as soon as its calls allow it.</summary>
    public static bool MustJoin(OwnershipState state) => !state.HasTwin && state.Role switch
    {
        GatewayRole.Owner => state.Known.Owner?.Incarnation != state.Incarnation,
        _ => state.Rank < 0,
    };

    // One that sends no heartbeats to others cannot be told from a dead one: nobody takes over from it.
    private static bool IsSilent(OwnershipState state, TimeSpan now) =>
        state.Known.Owner is not null
        && state.Rank >= 0
        && now - state.HeardAt > (state.WasHeard ? OwnershipTiming.Silence : OwnershipTiming.FirstSilence)
            + (state.Rank * OwnershipTiming.PerRank);
}
