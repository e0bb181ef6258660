using Microsoft.Extensions.Logging;
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

    /// <summary>Compiles a version that comes into force, ahead of its first call.</summary>
    [Alias("Prepare")]
    Task PrepareAsync(PolicyVersion version);

    /// <summary>Completes when the version in force, if there is one, is compiled; told at a silo's start.</summary>
    [Alias("Ready")]
    Task ReadyAsync();
}

/// <summary>
/// One in each silo: its lines share one compiled policy, and no text crosses the network for a call.
/// </summary>
/// <remarks>
/// Stays as long as its silo, and looks each second for what comes into force: a call must not wait until thousands of
/// rules are read and compiled.
/// </remarks>
[StatelessWorker(1), Reentrant]
public sealed class PolicyDecisionGrain(ILogger<PolicyDecisionGrain> logger) : Grain, IPolicyDecisionGrain
{
    /// <summary>How long before its moment a version is compiled.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromSeconds(5);

    private const int MostCompiled = 3;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly OrderedDictionary<int, CompiledPolicy> _compiled = [];

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(
            LookAheadAsync,
            new GrainTimerCreationOptions(LookEvery, LookEvery) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task<Verdict> DecideAsync(CallOffer offer)
    {
        // Asked for every call: from the moment a version is in force no call is decided by another.
        var number = await Policy.GetActiveNumberAsync(TimeSpan.Zero);
        var compiled = await CompiledAsync(number) ?? throw new RefusalException(
            RefusalKind.WrongState,
            $"Interface {offer.Interface} follows policy {Name}, which has no version in force; activate one.");
        return compiled.Evaluate(PolicyFacts.Of(offer)).Given(offer.At, Name, number);
    }

    /// <inheritdoc />
    public Task PrepareAsync(PolicyVersion version)
    {
        Compile(version);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task ReadyAsync() => await CompiledAsync(await Policy.GetActiveNumberAsync(TimeSpan.Zero));

    private string Name => GrainKeys.Split(this.GetPrimaryKeyString()).Name;

    private IRetentionPolicyGrain Policy =>
        GrainFactory.GetGrain<IRetentionPolicyGrain>(this.GetPrimaryKeyString());

    private async Task LookAheadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CompiledAsync(await Policy.GetActiveNumberAsync(Ahead));
        }
        catch (Exception e) when (e is OrleansException or RefusalException or TimeoutException)
        {
            // The next look, or a call, tries again.
            logger.PolicyUnread(this.GetPrimaryKeyString(), e);
        }
    }

    /// <summary>A version ready to decide; null for none.</summary>
    private async Task<CompiledPolicy?> CompiledAsync(int number)
    {
        if (_compiled.TryGetValue(number, out var known))
        {
            return known;
        }

        return number != 0 && await Policy.GetVersionAsync(number) is { } version ? Compile(version) : null;
    }

    private CompiledPolicy Compile(PolicyVersion version)
    {
        // Whoever else asked for it while its text was read finds it compiled.
        if (_compiled.TryGetValue(version.Version, out var known))
        {
            return known;
        }

        var compiled = PolicyEvaluator.Compile(version.Document!);
        _compiled.Add(version.Version, compiled);
        if (_compiled.Count > MostCompiled)
        {
            _compiled.RemoveAt(0);
        }

        return compiled;
    }
}
