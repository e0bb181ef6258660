using Orleans.Concurrency;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;
using Talreg.Policy;

namespace Talreg.Grains.Policies;

/// <summary>Decides by the version of a policy that is in force. Key: <c>{tenant}/{policy}</c>.</summary>
[Alias("Talreg.IPolicyDecisionGrain")]
public interface IPolicyDecisionGrain : IGrainWithStringKey
{
    /// <summary>Decides about a call that is offered.</summary>
    /// <exception cref="RefusalException">The policy has no version in force.</exception>
    [Alias("Decide")]
    Task<Verdict> DecideAsync(CallOffer offer);
}

/// <summary>One in each silo: its lines share one compiled policy, and no text crosses the network for a call.</summary>
[StatelessWorker(1), Reentrant]
public sealed class PolicyDecisionGrain : Grain, IPolicyDecisionGrain
{
    private CompiledPolicy? _compiled;
    private int _version;

    /// <inheritdoc />
    public async Task<Verdict> DecideAsync(CallOffer offer)
    {
        var (tenant, policy) = GrainKeys.Split(this.GetPrimaryKeyString());
        var grain = GrainFactory.GetGrain<IRetentionPolicyGrain>(Names.Key(tenant, policy));

        // Asked for every call: from the moment a version is in force no call is decided by another.
        var number = await grain.GetActiveNumberAsync();
        if (number != _version && await grain.GetVersionAsync(number) is { } version && number != _version)
        {
            // Those that were asked for meanwhile find it compiled.
            _compiled = PolicyEvaluator.Compile(version.Document!);
            _version = number;
        }

        return _compiled is not null && number == _version
            ? _compiled.Evaluate(PolicyFacts.Of(offer)).Given(offer.At, policy, number)
            : throw new RefusalException(
                RefusalKind.WrongState,
                $"Interface {offer.Interface} follows policy {policy}, which has no version in force; activate one.");
    }
}
