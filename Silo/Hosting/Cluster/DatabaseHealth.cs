using Microsoft.Extensions.Diagnostics.HealthChecks;
using Talreg.State;
using Talreg.State.Postgres;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>Ready means for a silo: its database answers. Gateways record without it.</summary>
internal sealed class DatabaseHealth(PostgresDatabase database) : IHealthCheck
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await database.PingAsync(cancellationToken).WaitAsync(AnswerWithin, cancellationToken)
                .ConfigureAwait(false);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is StateStorageException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy($"The database does not answer: {e.Message}");
        }
    }
}
