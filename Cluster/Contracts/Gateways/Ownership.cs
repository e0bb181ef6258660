namespace Talreg.Contracts.Gateways;

/// <summary>Ownership of an interface.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.InterfaceLease")]
public sealed record InterfaceLease(
    [property: Id(0)] string Interface,
    [property: Id(1)] string Gateway,
    [property: Id(2)] Guid Incarnation,
    [property: Id(3)] long Epoch);

/// <summary>A gateway that owns an interface or stands by for it.</summary>
/// <param name="Gateway">Its name.</param>
/// <param name="Incarnation">Drawn at each start.</param>
/// <param name="Heartbeat">Where the others' heartbeats reach it, address and port.</param>
[GenerateSerializer, Immutable, Alias("Talreg.InterfaceMember")]
public sealed record InterfaceMember(
    [property: Id(0)] string Gateway,
    [property: Id(1)] Guid Incarnation,
    [property: Id(2)] string Heartbeat);

/// <summary>Why a person moves an interface.</summary>
public enum HandoverKind
{
    /// <summary>To whoever stands by: the owner is to be taken out of service.</summary>
    Drain,

    /// <summary>Back to its home, the gateway that owned it first.</summary>
    Failback,
}

/// <summary>What a person asked of an owner.</summary>
/// <param name="Kind">Why.</param>
/// <param name="To">The gateway it is to go to; null leaves it to the owner.</param>
/// <param name="Actor">Who asked.</param>
/// <param name="At">When.</param>
[GenerateSerializer, Immutable, Alias("Talreg.HandoverOrder")]
public sealed record HandoverOrder(
    [property: Id(0)] HandoverKind Kind,
    [property: Id(1)] string? To,
    [property: Id(2)] string Actor,
    [property: Id(3)] DateTimeOffset At)
{
    /// <summary>Why the owner did not; null while it has not answered.</summary>
    [Id(4)] public string? Declined { get; init; }
}

/// <summary>An interface as it stands. Changed by <see cref="OwnershipTransitions"/> only.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.InterfaceOwnership")]
public sealed record InterfaceOwnership
{
    /// <summary>The owner and its epoch.</summary>
    [Id(0)] public required InterfaceLease Lease { get; init; }

    /// <summary>When the owner became it; null where an older version wrote the state.</summary>
    [Id(1)] public DateTimeOffset? OwnedSince { get; init; }

    /// <summary>Where the owner is reached; null for one that nobody stands by for.</summary>
    [Id(2)] public InterfaceMember? Owner { get; init; }

    /// <summary>Who stands by, in the order in which they would take over.</summary>
    [Id(3)] public IReadOnlyList<InterfaceMember> Standbys { get; init; } = [];

    /// <summary>The gateway that owned it first.</summary>
    [Id(4)] public string? Home { get; init; }

    /// <summary>What a person asked of the owner; null for nothing.</summary>
    [Id(5)] public HandoverOrder? Order { get; init; }

    /// <summary>When it was last taken over from an owner that was silent; null for never.</summary>
    [Id(6)] public DateTimeOffset? TakenOverAt { get; init; }

    /// <summary>
    /// The last epoch that its owner gave up of its own will; 0 for none. Calls of that epoch go on to their end and
    /// are not stale.
    /// </summary>
    [Id(7)] public long GivenUp { get; init; }

    /// <summary>Where a gateway stands in line, 0 for first; -1 when it does not stand by.</summary>
    public int RankOf(Guid incarnation)
    {
        for (var i = 0; i < Standbys.Count; i++)
        {
            if (Standbys[i].Incarnation == incarnation)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>The answer to a gateway that joined.</summary>
/// <param name="Ownership">The interface as it stands.</param>
/// <param name="HeartbeatKey">With which the members authenticate their heartbeats; 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("Talreg.InterfaceJoined")]
public sealed record InterfaceJoined(
    [property: Id(0)] InterfaceOwnership Ownership,
    [property: Id(1)] ReadOnlyMemory<byte> HeartbeatKey);

/// <summary>What a gateway does on its interface.</summary>
public enum GatewayRole
{
    /// <summary>Owns it, and nobody stands by: it takes part in no takeover.</summary>
    Alone,

    /// <summary>Stands by; hears the owner.</summary>
    Standby,

    /// <summary>Stands by; does not hear the owner, and could not take over yet.</summary>
    Suspect,

    /// <summary>Asks to become the owner.</summary>
    TakingOver,

    /// <summary>Owns it: answers SIP, takes new calls.</summary>
    Owner,

    /// <summary>Gave it up when asked: its calls go on to their end.</summary>
    Withdrawn,

    /// <summary>Lost it to another one: keeps the audio of its calls, answers no SIP.</summary>
    Stale,
}

/// <summary>What a gateway says of itself each second.</summary>
/// <param name="Gateway">Its name.</param>
/// <param name="Interface">Its interface.</param>
/// <param name="At">When, by its clock.</param>
/// <param name="Role">What it does there.</param>
/// <param name="Epoch">Its own last epoch; 0 when it never owned the interface.</param>
/// <param name="LiveCalls">Recording sessions alive.</param>
/// <param name="Unsealed">Takes that wait for their seal.</param>
/// <param name="Alarms">What is wrong, a sentence each; at most <see cref="MaxAlarms"/>.</param>
[GenerateSerializer, Immutable, Alias("Talreg.GatewayReport")]
public sealed record GatewayReport(
    [property: Id(0)] string Gateway,
    [property: Id(1)] string Interface,
    [property: Id(2)] DateTimeOffset At,
    [property: Id(3)] GatewayRole Role,
    [property: Id(4)] long Epoch,
    [property: Id(5)] int LiveCalls,
    [property: Id(6)] long Unsealed,
    [property: Id(7)] IReadOnlyList<string> Alarms)
{
    /// <summary>The most alarms of a report.</summary>
    public const int MaxAlarms = 16;

    /// <summary>
    /// How long ago each other member's heartbeat was heard, by gateway; those never heard are missing.
    /// </summary>
    [Id(8)] public IReadOnlyDictionary<string, TimeSpan> Heard { get; init; } =
        new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
}
