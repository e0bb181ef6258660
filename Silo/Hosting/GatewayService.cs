using Microsoft.Extensions.Diagnostics.HealthChecks;
using Talreg.Contracts.Gateways;
using Talreg.Gateway;
using Talreg.Hardware.Udp;
using Talreg.Silo.Options;
using Talreg.Store.Journal;

namespace Talreg.Silo.Hosting;

/// <summary>Starts the gateway behind the silo and stops it before.</summary>
internal sealed class GatewayService(
    GatewayNode gateway,
    RecorderMetrics metrics,
    UdpDevice device,
    RecorderSettings settings,
    ILogger<GatewayService> logger) : IHostedService
{
    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        logger.ReceiveChosen(
            MediaDevice.Method(device), device.ShardCount, MediaDevice.Explain(device, settings));
        logger.Recovering(gateway.Counters.Journal.UnrecoveredBytes);

        // Before SIP is opened: a call must not come before its counter.
        metrics.Start();
        await gateway.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => gateway.StopAsync();
}

/// <summary>Ready means: new calls are taken, and what they bring can be stored.</summary>
internal sealed class GatewayHealth(GatewayNode gateway) : IHealthCheck
{
    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var journal = gateway.Counters.Journal;
        return Task.FromResult(
            journal.Fenced ? HealthCheckResult.Unhealthy($"The journal is fenced: {journal.FenceReason}")
            : journal.Level == SpaceLevel.Refuse ? HealthCheckResult.Unhealthy("New calls are answered 503: no space.")
            : gateway.Role is GatewayRole.Standby ? HealthCheckResult.Degraded("Stands by for its interface.")
            : !gateway.IsAccepting ? HealthCheckResult.Unhealthy("New calls are answered 503.")
            : journal.FenceReason is { } reason ? HealthCheckResult.Degraded($"A volume is fenced: {reason}")
            : journal.Level == SpaceLevel.Alarm ? HealthCheckResult.Degraded("Space is running out.")
            : HealthCheckResult.Healthy());
    }
}
