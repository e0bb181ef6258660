using System.Globalization;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;
using Talreg.Policy;

namespace Talreg.Grains.Policies;

/// <summary>Tries a version on the calls of the read model, page by page, beside answering how far it is.</summary>
public sealed class PolicySimulationGrain(
    ICallIndex index, TimeProvider clock, ILogger<PolicySimulationGrain> logger) : Grain, IPolicySimulationGrain
{
    /// <summary>The most changed calls that are listed; more are counted.</summary>
    public const int MaxListed = 10_000;

    private const int PageSize = 500;

    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private string _tenant = "";
    private string _policy = "";
    private int _version;
    private SimulationRun? _run;

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_tenant, var rest) = GrainKeys.Split(this.GetPrimaryKeyString());
        (_policy, var version) = GrainKeys.Split(rest);
        _version = int.Parse(version, NumberStyles.None, CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task<PolicySimulation> StartAsync(DateTimeOffset from, DateTimeOffset to, string actor)
    {
        if (from >= to)
        {
            throw new RefusalException(RefusalKind.Invalid, $"From {from:O} to {to:O} is no time.");
        }

        var version = await Policy.GetVersionAsync(_version) ?? throw new RefusalException(
            RefusalKind.NotFound, $"Policy {_policy} has no version {_version}.");
        var run = new SimulationRun(PolicyEvaluator.Compile(version.Document!), _policy, _version, from, to, actor);
        _run = run;
        this.RegisterGrainTimer(
            RunAsync,
            run,
            new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan)
            {
                Interleave = true, KeepAlive = true,
            });
        DelayDeactivation(KeptFor);
        return run.Describe(0, 0);
    }

    /// <inheritdoc />
    public Task<PolicySimulation?> GetAsync(int offset, int limit)
    {
        DelayDeactivation(KeptFor);
        return Task.FromResult(_run?.Describe(offset, limit));
    }

    private IRetentionPolicyGrain Policy => GrainFactory.GetGrain<IRetentionPolicyGrain>(Names.Key(_tenant, _policy));

    private async Task RunAsync(SimulationRun run, CancellationToken cancellationToken)
    {
        try
        {
            string? cursor = null;
            do
            {
                var page = await index.SearchAsync(
                    new CallQuery(_tenant, null, null, run.From, run.To, null, PageSize, cursor), cancellationToken);
                foreach (var call in page.Items)
                {
                    run.Try(call, MaxListed);
                }

                cursor = page.Next;
            }
            while (cursor is not null && run == _run);
            if (run == _run)
            {
                // Only once its sum is in the ledger is it complete: an approval rests on it.
                await Policy.SimulatedAsync(_version, run.Result(clock.GetUtcNow()));
                run.State = SimulationState.Complete;
            }
        }
        catch (Exception e) when (e is OrleansException or RefusalException or TimeoutException)
        {
            logger.SimulationFailed(_policy, _version, e);
            run.Fault = e.Message;
            run.State = SimulationState.Failed;
        }
    }
}
