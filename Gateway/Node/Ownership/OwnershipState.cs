using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Ownership;

/// <summary>
/// What a gateway knows of its interface and does there. Times are monotonic, from an origin of the caller's.
/// </summary>
internal sealed record OwnershipState
{
    /// <summary>So many takeovers in a row that did not come about are an alarm.</summary>
    public const int AlarmAfter = 3;

    /// <summary>This gateway's name.</summary>
    public required string Gateway { get; init; }

    /// <summary>This gateway's incarnation.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>The interface as last learned.</summary>
    public required InterfaceOwnership Known { get; init; }

    /// <summary>What this gateway does. Never <see cref="GatewayRole.Alone"/>.</summary>
    public required GatewayRole Role { get; init; }

    /// <summary>The last epoch of which this gateway was the owner; 0 for none.</summary>
    public long OwnEpoch { get; init; }

    /// <summary>When the machine last ran.</summary>
    public required TimeSpan TickedAt { get; init; }

    /// <summary>False for an owner that stood still and has not asked since whether it still is.</summary>
    public bool IsProved { get; init; } = true;

    /// <summary>From when on an answer proves that an owner that stood still is the owner.</summary>
    public TimeSpan StoodStillUntil { get; init; }

    /// <summary>When the owner was last heard, or from when its silence is counted.</summary>
    public required TimeSpan HeardAt { get; init; }

    /// <summary>True once this incarnation of the owner was heard.</summary>
    public bool WasHeard { get; init; }

    /// <summary>When a takeover may be tried again.</summary>
    public TimeSpan AgainAt { get; init; }

    /// <summary>True while the owner hands over: the next epoch is no surprise.</summary>
    public bool IsHandingOver { get; init; }

    /// <summary>Why the last takeover did not come about; null for no need.</summary>
    public string? Obstacle { get; init; }

    /// <summary>How many takeovers in a row did not come about.</summary>
    public int Failures { get; init; }

    /// <summary>
    /// What of the ownership needs somebody: the owner is silent and cannot be replaced, or two processes have one
    /// name. Null while all is well. One attempt to take over fails when a silo dies with the owner; several in a row
    /// are an alarm.
    /// </summary>
    public string? Alarm => HasTwin ? $"another process runs as gateway {Gateway}; give one of them another name"
        : Failures >= AlarmAfter ? Obstacle
        : null;

    /// <summary>
    /// True when another process has joined under this gateway's name since: were this one to join again, the two
    /// would take the interface from each other without end.
    /// </summary>
    public bool HasTwin =>
        (Known.Lease.Gateway == Gateway && Known.Lease.Incarnation != Incarnation)
        || Known.Standbys.Any(member => member.Gateway == Gateway && member.Incarnation != Incarnation);

    /// <summary>The place in line to take over; -1 for none.</summary>
    public int Rank => Known.RankOf(Incarnation);

    /// <summary>True for a gateway that may answer and send SIP.</summary>
    public bool MaySpeak => Role switch
    {
        GatewayRole.Owner => IsProved,
        GatewayRole.Stale => false,
        _ => true,
    };
}

/// <summary>What is to be done after a transition.</summary>
internal enum OwnershipStep
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Ask the database how the interface stands.</summary>
    Read,

    /// <summary>Ask to become the owner in place of the one known.</summary>
    TakeOver,
}
