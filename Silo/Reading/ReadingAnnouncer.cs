using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Evidence.Ledger;
using Talreg.Gateway;
using Talreg.Store.Reading;

namespace Talreg.Silo.Reading;

/// <summary>
/// Tells the cluster where this gateway is read, again and again because grains forget, and learns by which key
/// tickets are checked. A gateway that cannot reach the cluster goes on with the key it knows.
/// </summary>
internal sealed class ReadingAnnouncer(
    ReadingOptions options,
    GatewayOptions gateway,
    TicketDesk desk,
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<ReadingAnnouncer> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var grain = grains.GetGrain<IGatewayGrain>(Names.Key(gateway.Tenant, gateway.Gateway));
        var reading = new GatewayReading(options.Address, desk.Incarnation);
        using var timer = new PeriodicTimer(Every, clock);
        do
        {
            try
            {
                var line = await grain.AnnounceReadingAsync(reading).WaitAsync(stoppingToken).ConfigureAwait(false);
                if (VerifierKey.TryParse(line, out var key, out var reason))
                {
                    desk.Key = key;
                }
                else
                {
                    logger.NotAnnounced(Every, reason);
                }
            }
            catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
            {
                logger.NotAnnounced(Every, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
