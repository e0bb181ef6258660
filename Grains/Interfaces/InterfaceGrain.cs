using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Storage;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;

namespace Talreg.Grains.Interfaces;

/// <summary>
/// Applies <see cref="OwnershipTransitions"/> to what the database holds, by compare-and-swap; on every silo, so that
/// no silo's
/// death or sleep is waited for when an owner is lost.
/// </summary>
[StatelessWorker(1)]
public sealed class InterfaceGrain(
    [FromKeyedServices(GrainsOptions.Storage)] IGrainStorage storage,
    TimeProvider clock,
    ILogger<InterfaceGrain> logger,
    IHeartbeatKeys? heartbeatKeys = null) : Grain, IInterfaceGrain
{
    /// <summary>How often a change is applied anew because another silo was quicker.</summary>
    private const int MaxAttempts = 8;

    private const string StateName = "interface";

    private bool _noted;

    /// <summary>The key without its lane: all lanes have one row.</summary>
    private string Row => InterfaceLanes.Row(this.GetPrimaryKeyString());

    private string Name => GrainKeys.Split(Row).Name;

    private GrainId RowId => GrainId.Create(this.GetGrainId().Type, Row);

    /// <inheritdoc />
    public async Task<InterfaceLease> AcquireAsync(string gateway, Guid incarnation) =>
        (await ChangeAsync(before => OwnershipTransitions.Acquire(
            before, Name, gateway, incarnation, clock.GetUtcNow()))).Lease;

    /// <inheritdoc />
    public async Task<InterfaceLease?> GetAsync() => (await ReadAsync())?.Lease;

    /// <inheritdoc />
    public async Task<InterfaceJoined> JoinAsync(InterfaceMember member)
    {
        var keys = heartbeatKeys
            ?? throw new RefusalException(
                RefusalKind.Unavailable,
                "This silo has no cluster key, so that heartbeats could not be authenticated.");
        var joined = await ChangeAsync(
            before => OwnershipTransitions.Join(before, Name, member, clock.GetUtcNow()));
        return new InterfaceJoined(joined, keys.KeyOf(Row));
    }

    /// <inheritdoc />
    public async Task<InterfaceOwnership?> ReadAsync() => (await LoadAsync()).State?.Ownership;

    /// <inheritdoc />
    public Task<InterfaceOwnership> TakeOverAsync(Guid incarnation, long expectedEpoch) => ChangeKnownAsync(
        before => OwnershipTransitions.TakeOver(before, incarnation, expectedEpoch, clock.GetUtcNow()));

    /// <inheritdoc />
    public Task<InterfaceOwnership> AskHandoverAsync(HandoverKind kind, string actor) => ChangeKnownAsync(
        before => OwnershipTransitions.Ask(before, kind, actor, clock.GetUtcNow()));

    /// <inheritdoc />
    public Task<InterfaceOwnership> HandOverAsync(Guid incarnation, long expectedEpoch, string to) => ChangeKnownAsync(
        before => OwnershipTransitions.HandOver(before, incarnation, expectedEpoch, to, clock.GetUtcNow()));

    /// <inheritdoc />
    public Task<InterfaceOwnership> DeclineHandoverAsync(Guid incarnation, long expectedEpoch, string reason) =>
        ChangeKnownAsync(before => OwnershipTransitions.Decline(before, incarnation, expectedEpoch, reason));

    /// <inheritdoc />
    public Task LeaveAsync(Guid incarnation) =>
        ChangeKnownAsync(before => OwnershipTransitions.Leave(before, incarnation));

    private Task<InterfaceOwnership> ChangeKnownAsync(Func<InterfaceOwnership, InterfaceOwnership> change) =>
        ChangeAsync(before => change(before ?? throw new RefusalException(
            RefusalKind.NotFound, $"Nobody ever owned interface {Name}; start a gateway on it.")));

    private async Task<InterfaceOwnership> ChangeAsync(Func<InterfaceOwnership?, InterfaceOwnership> change)
    {
        for (var attempt = 1; ; attempt++)
        {
            var state = await LoadAsync();
            var before = state.State?.Ownership;
            var after = change(before);
            if (ReferenceEquals(before, after))
            {
                return after;
            }

            state.State = new InterfaceGrainState { Lease = after.Lease, Standing = after };
            try
            {
                await storage.WriteStateAsync(StateName, RowId, state);
                _ = NoteAsync();
                return after;
            }
            catch (InconsistentStateException e) when (attempt < MaxAttempts)
            {
                logger.OwnershipRaced(Row, attempt, e);
            }
        }
    }

    private async Task<GrainState<InterfaceGrainState>> LoadAsync()
    {
        var state = new GrainState<InterfaceGrainState>(new InterfaceGrainState());
        await storage.ReadStateAsync(StateName, RowId, state);
        return state;
    }

    // Whoever asks for all interfaces must find this one; whoever takes it over must not wait for that.
    private async Task NoteAsync()
    {
        if (_noted)
        {
            return;
        }

        _noted = true;
        var (tenant, name) = GrainKeys.Split(Row);
        try
        {
            await GrainFactory.GetGrain<IInterfacesGrain>(tenant).NoteAsync(name);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            // Not waited for by anyone; the next change tries again.
            _noted = false;
            logger.InterfaceUnlisted(Row, e);
        }
    }
}

/// <summary>State of <see cref="InterfaceGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.InterfaceGrainState")]
public sealed class InterfaceGrainState
{
    /// <summary>The lease in force.</summary>
    [Id(0)] public InterfaceLease? Lease { get; set; }

    /// <summary>Everything beside the lease; null where a version wrote it that knew the lease alone.</summary>
    [Id(1)] public InterfaceOwnership? Standing { get; set; }

    /// <summary>How the interface stands; null when nobody ever owned it.</summary>
    public InterfaceOwnership? Ownership => Lease is null ? null
        : Standing?.Lease == Lease ? Standing
        : new InterfaceOwnership { Lease = Lease };
}
