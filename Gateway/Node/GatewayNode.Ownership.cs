using System.Collections.Concurrent;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;
using Talreg.Gateway.Ownership;
using Talreg.Store.Journal;

namespace Talreg.Gateway;

/// <summary>The gateway's part in its interface, and what it says of itself.</summary>
public sealed partial class GatewayNode
{
    private readonly ConcurrentQueue<InterfaceLease> _undeclared = [];
    private InterfaceKeeper? _keeper;
    private volatile bool _isStopping;

    /// <summary>What this gateway does on its interface.</summary>
    public GatewayRole Role => _keeper?.State.Role ?? GatewayRole.Alone;

    private IInterfaceGrain InterfaceGrain =>
        _grains.GetGrain<IInterfaceGrain>(Names.Key(_options.Tenant, _options.Interface));

    /// <summary>
    /// True while the gateway may answer SIP: what it would say as an owner that is none any more would be wrong.
    /// </summary>
    private bool MaySpeak() => _keeper?.MaySpeak ?? true;

    private async Task<bool> TakePartAsync(Guid incarnation)
    {
        if (_options.Heartbeat is null)
        {
            Own(await InterfaceGrain.AcquireAsync(_options.Gateway, incarnation).ConfigureAwait(false));
        }
        else
        {
            _keeper = new InterfaceKeeper(_options, incarnation, _grains, _clock, _logger);
            if (await _keeper.JoinAsync().ConfigureAwait(false) is { Role: GatewayRole.Owner } owner)
            {
                Own(owner.Known.Lease);
            }
        }

        if (!_undeclared.TryDequeue(out var lease))
        {
            return false;
        }

        await DeclareStartAsync(lease).ConfigureAwait(false);
        return true;
    }

    private void Own(InterfaceLease lease)
    {
        _sessions.Epoch = lease.Epoch;
        _undeclared.Enqueue(lease);
        _logger.InterfaceAcquired(_options.Interface, _options.Gateway, lease.Epoch);
    }

    // On the heartbeats' thread: flags only.
    private void OnOwnershipChanged(OwnershipState before, OwnershipState after)
    {
        if (after.Role == GatewayRole.Owner && after.OwnEpoch != before.OwnEpoch)
        {
            Own(after.Known.Lease);
        }

        _sessions.StaleEpoch = after.Role == GatewayRole.Stale ? after.OwnEpoch : 0;
        _sessions.Accepting = after.Role == GatewayRole.Owner && !_isStopping;
    }

    // A takeover waits for no ledger.
    private async Task DeclareEpochsAsync()
    {
        while (_undeclared.TryPeek(out var lease))
        {
            try
            {
                await DeclareStartAsync(lease).WaitAsync(PullEvery, _clock).ConfigureAwait(false);
                _ = _undeclared.TryDequeue(out _);
            }
            catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
            {
                _logger.EpochUndeclared(_options.Interface, lease.Epoch, e);
                return;
            }
        }
    }

    private Task<LedgerReceipt> DeclareStartAsync(InterfaceLease lease) =>
        _grains.GetGrain<ILedgerGrain>(_options.Tenant).AppendAsync(new LedgerEvent(
            LedgerEventKind.Start,
            $"start/{lease.Interface}/{lease.Epoch}",
            _clock.GetUtcNow(),
            CanonicalJson.Write(new System.Text.Json.Nodes.JsonObject
            {
                ["tenant"] = _options.Tenant,
                ["gateway"] = lease.Gateway,
                ["interface"] = lease.Interface,
                ["epoch"] = lease.Epoch,
            })));

    private GatewayReport Report()
    {
        var now = Counters;
        return new GatewayReport(
            _options.Gateway,
            _options.Interface,
            _clock.GetUtcNow(),
            Role,
            _sessions.Epoch,
            now.Sessions,
            now.Unsealed + now.RecoveredUnsealed,
            [.. Alarms(now).Take(GatewayReport.MaxAlarms)])
        {
            Heard = _keeper?.Heard() ?? [],
        };
    }

    private static IEnumerable<string> Alarms(GatewayCounters now)
    {
        if (now.Ownership is { Alarm: { } alarm })
        {
            yield return $"Ownership of the interface: {alarm}";
        }

        if (now.Ownership is { Role: GatewayRole.Stale })
        {
            yield return $"The interface was lost to another gateway; {now.Sessions} calls are kept here and flagged.";
        }

        foreach (var volume in now.Journal.Volumes.Where(volume => volume.Fenced))
        {
            yield return $"Journal volume {volume.Directory} is fenced: {volume.FenceReason}";
        }

        if (now.Journal.Level != SpaceLevel.Normal)
        {
            yield return now.Journal.Level == SpaceLevel.Refuse
                ? "There is no space left: new calls are answered 503."
                : "Space is running out.";
        }

        if (now.Refusing)
        {
            yield return "New calls are answered 503 for load.";
        }

        if (now.Damaged > 0)
        {
            yield return $"{now.Damaged} takes cannot be sealed: the journal gives other bytes than were written.";
        }
    }
}
