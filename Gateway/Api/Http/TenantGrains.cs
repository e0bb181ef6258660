using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Http;

/// <summary>The grains of the one tenant the callers belong to.</summary>
internal sealed class TenantGrains(IGrainFactory grains, TalregApiOptions options)
{
    public string Tenant => options.Tenant;

    public ILedgerGrain Ledger => grains.GetGrain<ILedgerGrain>(Tenant);

    public ICallGrain Call(CallId id) => grains.GetGrain<ICallGrain>(id.Value);

    public IChannelGrain Channel(string @interface, string line) =>
        grains.GetGrain<IChannelGrain>(Names.Channel(Tenant, @interface, line));

    public IInterfacesGrain Interfaces => grains.GetGrain<IInterfacesGrain>(Tenant);

    public IInterfaceGrain Interface(string name) => grains.GetGrain<IInterfaceGrain>(Names.Key(Tenant, name));

    public IGatewayGrain Gateway(string name) => grains.GetGrain<IGatewayGrain>(Names.Key(Tenant, name));

    public IRetentionPolicyGrain Policy(string id) => grains.GetGrain<IRetentionPolicyGrain>(Names.Key(Tenant, id));

    public IPolicySimulationGrain Simulation(string policy, int version) =>
        grains.GetGrain<IPolicySimulationGrain>(FormattableString.Invariant($"{Tenant}/{policy}/{version}"));

    /// <summary>A call of this tenant, or null: another tenant's call is as unknown as one that never was.</summary>
    public async Task<CallDocument?> FindCallAsync(CallId id, CancellationToken cancellationToken)
    {
        var call = await Call(id).GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return call is not null && call.Tenant == Tenant ? call : null;
    }
}
