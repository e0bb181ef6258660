using Talreg.Contracts.Gateways;

namespace Talreg.Api.Operations;

/// <summary>What runs where, right now.</summary>
/// <param name="At">When it was asked.</param>
/// <param name="Interfaces">Every interface that was ever in use, by name.</param>
public sealed record ClusterStatus(DateTimeOffset At, IReadOnlyList<InterfaceStatus> Interfaces);

/// <summary>An interface and its gateways.</summary>
/// <param name="Name">The interface.</param>
/// <param name="Owner">The gateway that owns it.</param>
/// <param name="Epoch">Under which epoch.</param>
/// <param name="OwnedSince">Since when; null where it is not known.</param>
/// <param name="Home">The gateway that it is moved back to by failback; null where it is not known.</param>
/// <param name="Standbys">Who stands by, in the order in which they would take over.</param>
/// <param name="Handover">What a person asked of the owner; null for nothing.</param>
/// <param name="LiveCalls">Recording sessions alive on all its gateways that report.</param>
/// <param name="Gateways">What each gateway says of itself, the owner first; those that say nothing are
/// missing.</param>
/// <param name="Alarms">What is wrong, a sentence each.</param>
public sealed record InterfaceStatus(
    string Name,
    string Owner,
    long Epoch,
    DateTimeOffset? OwnedSince,
    string? Home,
    IReadOnlyList<string> Standbys,
    HandoverStatus? Handover,
    int LiveCalls,
    IReadOnlyList<GatewayStatus> Gateways,
    IReadOnlyList<string> Alarms);

/// <summary>A handover that was asked for.</summary>
/// <param name="Kind">Why.</param>
/// <param name="To">To whom; null leaves it to the owner.</param>
/// <param name="Actor">Who asked.</param>
/// <param name="At">When.</param>
/// <param name="Declined">Why the owner did not; null while it has not answered.</param>
public sealed record HandoverStatus(
    HandoverKind Kind, string? To, string Actor, DateTimeOffset At, string? Declined);

/// <summary>What a gateway says of itself.</summary>
/// <param name="Gateway">Its name.</param>
/// <param name="Role">What it does on its interface.</param>
/// <param name="Epoch">Its own last epoch; 0 when it never owned the interface.</param>
/// <param name="LiveCalls">Recording sessions alive.</param>
/// <param name="Unsealed">Takes that wait for their seal: how far it lags behind its calls.</param>
/// <param name="ReportedAt">When it said so, by its clock.</param>
/// <param name="HeardMs">Milliseconds since it heard each other gateway of the interface.</param>
public sealed record GatewayStatus(
    string Gateway,
    GatewayRole Role,
    long Epoch,
    int LiveCalls,
    long Unsealed,
    DateTimeOffset ReportedAt,
    IReadOnlyDictionary<string, long> HeardMs);
