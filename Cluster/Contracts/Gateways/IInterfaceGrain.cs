namespace Talreg.Contracts.Gateways;

/// <summary>Who owns an interface, and under which epoch. Key: <see cref="InterfaceLanes.Key"/>.</summary>
/// <remarks>
/// Every silo may run one at once: what it knows is read from the database before each answer and written by
/// compare-and-swap. The rules are <see cref="OwnershipTransitions"/>.
/// </remarks>
[Alias("Talreg.IInterfaceGrain")]
public interface IInterfaceGrain : IGrainWithStringKey
{
    /// <summary>
    /// A gateway that nobody stands by for starts on this interface: it becomes its owner under the next epoch.
    /// </summary>
    /// <param name="gateway">The gateway's name.</param>
    /// <param name="incarnation">Drawn at each start; the same again gives the same epoch.</param>
    /// <exception cref="RefusalException">Gateways that take over from each other hold the interface.</exception>
    [Alias("Acquire")]
    Task<InterfaceLease> AcquireAsync(string gateway, Guid incarnation);

    /// <summary>The lease in force, or null when nobody ever owned it.</summary>
    [Alias("Get")]
    Task<InterfaceLease?> GetAsync();

    /// <summary>
    /// A gateway starts on this interface beside others: it owns what is free or was its own, else it stands by.
    /// Again: no effect.
    /// </summary>
    /// <exception cref="RefusalException">As many as may stand by already do.</exception>
    [Alias("Join")]
    Task<InterfaceJoined> JoinAsync(InterfaceMember member);

    /// <summary>The interface as it stands, or null when nobody ever owned it.</summary>
    [Alias("Read")]
    Task<InterfaceOwnership?> ReadAsync();

    /// <summary>
    /// A standby that does not hear the owner any more becomes the owner under the next epoch. Again: no effect.
    /// </summary>
    /// <param name="incarnation">The standby's.</param>
    /// <param name="expectedEpoch">The epoch that it knows to be in force.</param>
    /// <exception cref="RefusalException">
    /// <see cref="RefusalKind.StaleEpoch"/>: another epoch is in force. <see cref="RefusalKind.Forbidden"/>: it does
    /// not stand by. <see cref="RefusalKind.Unavailable"/>: the interface was taken over less than
    /// <see cref="OwnershipTransitions.MinimumHold"/> ago. </exception>
    [Alias("TakeOver")]
    Task<InterfaceOwnership> TakeOverAsync(Guid incarnation, long expectedEpoch);

    /// <summary>
    /// A person asks the owner to hand the interface over; the owner does it, or says why it does not.
    /// </summary>
    /// <exception cref="RefusalException">Nobody stands by, or the one it is to go to does not.</exception>
    [Alias("AskHandover")]
    Task<InterfaceOwnership> AskHandoverAsync(HandoverKind kind, string actor);

    /// <summary>The owner hands the interface to a standby, under the next epoch.</summary>
    /// <param name="incarnation">The owner's.</param>
    /// <param name="expectedEpoch">The owner's.</param>
    /// <param name="to">The gateway that stands by.</param>
    /// <exception cref="RefusalException">
    /// <see cref="RefusalKind.StaleEpoch"/>: it is not the owner. <see cref="RefusalKind.WrongState"/>: that one does
    /// not stand by. </exception>
    [Alias("HandOver")]
    Task<InterfaceOwnership> HandOverAsync(Guid incarnation, long expectedEpoch, string to);

    /// <summary>The owner does not hand over as asked.</summary>
    /// <exception cref="RefusalException"><see cref="RefusalKind.StaleEpoch"/>: it is not the owner.</exception>
    [Alias("DeclineHandover")]
    Task<InterfaceOwnership> DeclineHandoverAsync(Guid incarnation, long expectedEpoch, string reason);

    /// <summary>A gateway stands by no more. One that does not: no effect.</summary>
    [Alias("Leave")]
    Task LeaveAsync(Guid incarnation);
}

/// <summary>The interfaces of a tenant, so that they can be told of together. Key: the tenant.</summary>
[Alias("Talreg.IInterfacesGrain")]
public interface IInterfacesGrain : IGrainWithStringKey
{
    /// <summary>The most interfaces that are remembered.</summary>
    public const int MaxInterfaces = 1_000;

    /// <summary>An interface is in use. Again: no effect.</summary>
    /// <exception cref="RefusalException"><see cref="MaxInterfaces"/> are known already.</exception>
    [Alias("Note")]
    Task NoteAsync(string @interface);

    /// <summary>Those known, sorted.</summary>
    [Alias("List")]
    Task<IReadOnlyList<string>> ListAsync();
}
