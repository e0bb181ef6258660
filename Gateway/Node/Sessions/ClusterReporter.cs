using Microsoft.Extensions.Logging;
using Talreg.Contracts;

namespace Talreg.Gateway.Sessions;

/// <summary>
/// Tells the cluster about one call, in order, each thing until it is heard. Every event is idempotent, so that a report
/// whose answer was lost may be made again.
/// </summary>
/// <remarks>
/// Any thread. What is not heard before the process dies is told again from the journal at the next start.
/// </remarks>
internal sealed class ClusterReporter(CallId call, TimeProvider clock, ILogger logger, CancellationToken stopping)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;

    /// <summary>
    /// Adds a report behind those before it. Completes when it was heard; cancelled when the gateway stops first.
    /// </summary>
    public Task ReportAsync(Func<Task> report)
    {
        lock (_gate)
        {
            return _last = AfterAsync(_last, report);
        }
    }

    private async Task AfterAsync(Task before, Func<Task> report)
    {
        await before.ConfigureAwait(false);
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                await report().ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
            {
                logger.ReportFailed(call, delay, e);
            }

            await Task.Delay(delay, clock, stopping).ConfigureAwait(false);
        }
    }
}
