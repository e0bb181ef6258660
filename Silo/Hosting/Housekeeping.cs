using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Silo.Options;
using Talreg.State;

namespace Talreg.Silo.Hosting;

/// <summary>
/// What nobody's call would do: removes grain state that is due, and ends calls of which no take came because the gateway died
/// between admission and take.
/// </summary>
internal sealed class Housekeeping(
    IGrainFactory grains,
    ICallIndex index,
    IStateExpiry states,
    RecorderSettings settings,
    TimeProvider clock,
    ILogger<Housekeeping> logger) : BackgroundService
{
    /// <summary>Between rounds. A call without a take is ended when two rounds in a row found it so.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(2);

    private const int PageSize = 500;

    private readonly HashSet<CallId> _suspects = [];

    /// <summary>One round.</summary>
    /// <returns>Rows removed, and calls ended as failed.</returns>
    public async Task<(int Expired, int Failed)> RunOnceAsync(CancellationToken cancellationToken)
    {
        var expired = 0;
        for (var removed = -1; removed != 0; expired += removed)
        {
            removed = await states.ExpireAsync(clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        }

        return (expired, await FailTakelessAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                var (expired, failed) = await RunOnceAsync(stoppingToken).ConfigureAwait(false);
                if (expired + failed > 0)
                {
                    logger.HousekeepingDone(expired, failed);
                }
            }
            catch (Exception e) when (
                e is StateStorageException or TimeoutException or OrleansException or RefusalException)
            {
                logger.HousekeepingFailed(Every, e);
            }
        }
    }

    // A call whose take is being begun looks the same for a moment, hence the two rounds.
    private async Task<int> FailTakelessAsync(CancellationToken cancellationToken)
    {
        var takeless = new HashSet<CallId>();
        string? cursor = null;
        do
        {
            var page = await index.SearchAsync(
                new CallQuery(settings.Tenant, null, null, null, null, CallState.Active, PageSize, cursor),
                cancellationToken).ConfigureAwait(false);
            takeless.UnionWith(page.Items.Where(call => call.Takes.Count == 0).Select(call => call.Id));
            cursor = page.Next;
        }
        while (cursor is not null);

        var failed = 0;
        foreach (var call in takeless.Where(_suspects.Contains))
        {
            await grains.GetGrain<ICallGrain>(call.Value).FailedAsync(new CallFailed(
                Admission: null,
                clock.GetUtcNow(),
                EndReason.Restart,
                "no gateway began a take",
                Gateway: null,
                SipCallId: null)).ConfigureAwait(false);
            failed++;
        }

        _suspects.Clear();
        _suspects.UnionWith(takeless);
        return failed;
    }
}
