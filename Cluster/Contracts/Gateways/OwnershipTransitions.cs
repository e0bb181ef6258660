namespace Talreg.Contracts.Gateways;

/// <summary>
/// The rules of owning an interface as pure functions: how it stands and an event in, how it stands afterwards out.
/// What changes nothing gives the same object. Whoever stores the result does so by compare-and-swap.
/// </summary>
public static class OwnershipTransitions
{
    /// <summary>The most gateways that stand by for one interface.</summary>
    public const int MaxStandbys = 7;

    /// <summary>
    /// Between two takeovers of one interface there is at least this time, so that two gateways that do not hear each
    /// other do not take it from one another in turn. What a person asks for does not wait.
    /// </summary>
    public static readonly TimeSpan MinimumHold = TimeSpan.FromSeconds(10);

    /// <summary>A gateway starts that nobody stands by for.</summary>
    /// <param name="before">How it stands; null when nobody ever owned it.</param>
    /// <param name="name">The interface's name.</param>
    /// <param name="gateway">Who starts.</param>
    /// <param name="incarnation">Drawn at its start.</param>
    /// <param name="now">When.</param>
    /// <exception cref="RefusalException">Gateways that take over from each other hold the interface.</exception>
    public static InterfaceOwnership Acquire(
        InterfaceOwnership? before, string name, string gateway, Guid incarnation, DateTimeOffset now)
    {
        if (before is null)
        {
            return New(name, gateway, incarnation, now);
        }

        if (IsHeldBy(before, incarnation) && before.Lease.Gateway == gateway)
        {
            return before;
        }

        if (before.Owner is { } owner && owner.Gateway != gateway)
        {
            throw new RefusalException(
                RefusalKind.WrongState,
                $"Interface {name} is held by {owner.Gateway}, which sends heartbeats to those who stand by; give "
                    + $"gateway {gateway} the setting heartbeat too, or another interface.");
        }

        return Next(before, gateway, incarnation) with
        {
            OwnedSince = before.Lease.Gateway == gateway ? before.OwnedSince : now,
            Owner = null,
        };
    }

    /// <summary>A gateway starts beside others; its restart keeps what it owned.</summary>
    /// <param name="before">How it stands; null when nobody ever owned it.</param>
    /// <param name="name">The interface's name.</param>
    /// <param name="member">Who starts.</param>
    /// <param name="now">When.</param>
    /// <exception cref="RefusalException">As many as may stand by already do.</exception>
    public static InterfaceOwnership Join(
        InterfaceOwnership? before, string name, InterfaceMember member, DateTimeOffset now)
    {
        if (before is null)
        {
            return New(name, member.Gateway, member.Incarnation, now) with { Owner = member };
        }

        if (before.Lease.Gateway == member.Gateway)
        {
            return !IsHeldBy(before, member.Incarnation)
                ? Next(before, member.Gateway, member.Incarnation) with { Owner = member }
                : before.Owner == member ? before : before with { Owner = member };
        }

        if (before.Standbys.Contains(member))
        {
            return before;
        }

        var others = before.Standbys.Where(one => one.Gateway != member.Gateway).ToList();
        return others.Count < MaxStandbys
            ? before with { Standbys = [.. others, member] }
            : throw new RefusalException(
                RefusalKind.Unavailable,
                $"{MaxStandbys} gateways already stand by for interface {name}; give {member.Gateway} another one.");
    }

    /// <summary>A gateway stands by no more. What it owns it keeps: it may only be restarting.</summary>
    public static InterfaceOwnership Leave(InterfaceOwnership before, Guid incarnation) =>
        before.RankOf(incarnation) < 0
            ? before
            : before with { Standbys = [.. before.Standbys.Where(one => one.Incarnation != incarnation)] };

    /// <summary>A standby takes over from an owner that it does not hear.</summary>
    /// <param name="before">How it stands.</param>
    /// <param name="incarnation">The standby's.</param>
    /// <param name="expectedEpoch">The epoch that it knows to be in force.</param>
    /// <param name="now">When.</param>
    /// <exception cref="RefusalException">Another epoch is in force, it does not stand by, or it is too
    /// soon.</exception>
    public static InterfaceOwnership TakeOver(
        InterfaceOwnership before, Guid incarnation, long expectedEpoch, DateTimeOffset now)
    {
        // Tried through several silos at once: the second finds what the first did.
        if (IsHeldBy(before, incarnation) && before.Lease.Epoch == expectedEpoch + 1)
        {
            return before;
        }

        RequireEpoch(before, expectedEpoch);
        var rank = before.RankOf(incarnation);
        if (rank < 0)
        {
            throw new RefusalException(
                RefusalKind.Forbidden,
                $"Who asks does not stand by for interface {before.Lease.Interface}; join first.");
        }

        // Silos' clocks may differ: a time that lies ahead holds for no longer than one that lies behind.
        if (before.TakenOverAt is { } last && (now - last).Duration() < MinimumHold)
        {
            throw new RefusalException(
                RefusalKind.Unavailable,
                $"Interface {before.Lease.Interface} was taken over at {last:O} and stays with "
                    + $"{before.Lease.Gateway} for {MinimumHold.TotalSeconds} s; a person may move it at once.");
        }

        return Move(before, before.Standbys[rank], now) with { TakenOverAt = now };
    }

    /// <summary>A person asks the owner to hand over. Again: the newer one stands.</summary>
    /// <exception cref="RefusalException">Nobody stands by, or the one it is to go to does not.</exception>
    public static InterfaceOwnership Ask(
        InterfaceOwnership before, HandoverKind kind, string actor, DateTimeOffset now)
    {
        var to = kind == HandoverKind.Failback ? before.Home ?? before.Lease.Gateway : null;
        if (to == before.Lease.Gateway)
        {
            throw new RefusalException(
                RefusalKind.WrongState, $"Interface {before.Lease.Interface} is at home with {to} already.");
        }

        if (!before.Standbys.Any(one => to is null || one.Gateway == to))
        {
            throw new RefusalException(
                RefusalKind.WrongState,
                $"{to ?? "Nobody"} stands by for interface {before.Lease.Interface}"
                    + $"{(to is null ? "" : " no more")}; start a gateway there with the setting heartbeat.");
        }

        return before with { Order = new HandoverOrder(kind, to, actor, now) };
    }

    /// <summary>The owner hands over to a standby. Its calls of the epoch that it gives up are not stale.</summary>
    /// <exception cref="RefusalException">It is not the owner, or that one does not stand by.</exception>
    public static InterfaceOwnership HandOver(
        InterfaceOwnership before, Guid incarnation, long expectedEpoch, string to, DateTimeOffset now)
    {
        RequireOwner(before, incarnation, expectedEpoch);
        var next = before.Standbys.FirstOrDefault(one => one.Gateway == to)
            ?? throw new RefusalException(
                RefusalKind.WrongState, $"{to} does not stand by for interface {before.Lease.Interface}.");
        return Move(before, next, now) with { GivenUp = expectedEpoch };
    }

    /// <summary>The owner says why it does not hand over.</summary>
    /// <exception cref="RefusalException">It is not the owner.</exception>
    public static InterfaceOwnership Decline(
        InterfaceOwnership before, Guid incarnation, long expectedEpoch, string reason)
    {
        RequireOwner(before, incarnation, expectedEpoch);
        return before.Order is { } order ? before with { Order = order with { Declined = reason } } : before;
    }

    private static InterfaceOwnership New(string name, string gateway, Guid incarnation, DateTimeOffset now) => new()
    {
        Lease = new InterfaceLease(name, gateway, incarnation, 1),
        OwnedSince = now,
        Home = gateway,
    };

    private static InterfaceOwnership Move(InterfaceOwnership before, InterfaceMember to, DateTimeOffset now) =>
        Next(before, to.Gateway, to.Incarnation) with
        {
            OwnedSince = now,
            Owner = to,
            Standbys = [.. before.Standbys.Where(one => one.Incarnation != to.Incarnation)],
        };

    // Under a new epoch nothing stands that was asked of the owner before.
    private static InterfaceOwnership Next(InterfaceOwnership before, string gateway, Guid incarnation) => before with
    {
        Lease = before.Lease with
        {
            Gateway = gateway,
            Incarnation = incarnation,
            Epoch = before.Lease.Epoch + 1,
        },
        Home = before.Home ?? before.Lease.Gateway,
        Order = null,
    };

    private static bool IsHeldBy(InterfaceOwnership ownership, Guid incarnation) =>
        ownership.Lease.Incarnation == incarnation;

    private static void RequireOwner(InterfaceOwnership before, Guid incarnation, long expectedEpoch)
    {
        RequireEpoch(before, expectedEpoch);
        if (!IsHeldBy(before, incarnation))
        {
            throw new RefusalException(
                RefusalKind.StaleEpoch,
                $"Interface {before.Lease.Interface} is owned by {before.Lease.Gateway}, and not by who asks.");
        }
    }

    private static void RequireEpoch(InterfaceOwnership before, long expectedEpoch)
    {
        if (before.Lease.Epoch != expectedEpoch)
        {
            throw new RefusalException(
                RefusalKind.StaleEpoch,
                $"Interface {before.Lease.Interface} is owned by {before.Lease.Gateway} under epoch "
                    + $"{before.Lease.Epoch}; epoch {expectedEpoch} is not in force.");
        }
    }
}
