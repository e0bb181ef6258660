using Orleans.Runtime;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Tests.Ownership;

/// <summary>An interface's ownership by the real rules, in memory; it can be told that its database is down.</summary>
internal sealed class MemoryInterface : IInterfaceGrain
{
    private readonly Lock _gate = new();
    private readonly byte[] _key = new byte[32];
    private InterfaceOwnership? _ownership;

    public InterfaceOwnership? Ownership
    {
        get
        {
            lock (_gate)
            {
                return _ownership;
            }
        }
    }

    public bool IsDown { get; set; }

    public async Task<InterfaceLease> AcquireAsync(string gateway, Guid incarnation) =>
        (await ChangeAsync(before => OwnershipTransitions.Acquire(before, "sip1", gateway, incarnation, Now))).Lease;

    public async Task<InterfaceLease?> GetAsync() => (await ReadAsync())?.Lease;

    public async Task<InterfaceJoined> JoinAsync(InterfaceMember member) => new(
        await ChangeAsync(before => OwnershipTransitions.Join(before, "sip1", member, Now)), _key);

    public Task<InterfaceOwnership?> ReadAsync() =>
        IsDown ? Task.FromException<InterfaceOwnership?>(Down()) : Task.FromResult(Ownership);

    public Task<InterfaceOwnership> TakeOverAsync(Guid incarnation, long expectedEpoch) =>
        ChangeAsync(before => OwnershipTransitions.TakeOver(before!, incarnation, expectedEpoch, Now));

    public Task<InterfaceOwnership> AskHandoverAsync(HandoverKind kind, string actor) =>
        ChangeAsync(before => OwnershipTransitions.Ask(before!, kind, actor, Now));

    public Task<InterfaceOwnership> HandOverAsync(Guid incarnation, long expectedEpoch, string to) =>
        ChangeAsync(before => OwnershipTransitions.HandOver(before!, incarnation, expectedEpoch, to, Now));

    public Task<InterfaceOwnership> DeclineHandoverAsync(Guid incarnation, long expectedEpoch, string reason) =>
        ChangeAsync(before => OwnershipTransitions.Decline(before!, incarnation, expectedEpoch, reason));

    public Task LeaveAsync(Guid incarnation) =>
        ChangeAsync(before => OwnershipTransitions.Leave(before!, incarnation));

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static OrleansException Down() => new("the database is down");

    private Task<InterfaceOwnership> ChangeAsync(Func<InterfaceOwnership?, InterfaceOwnership> change)
    {
        if (IsDown)
        {
            return Task.FromException<InterfaceOwnership>(Down());
        }

        lock (_gate)
        {
            try
            {
                return Task.FromResult(_ownership = change(_ownership));
            }
            catch (RefusalException e)
            {
                return Task.FromException<InterfaceOwnership>(e);
            }
        }
    }
}
