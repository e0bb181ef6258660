using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Prometheus;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts.Json;

namespace Talreg.Api.Operations;

/// <summary>The ledger's public face, metrics, health and the OpenAPI document.</summary>
internal static class OperationEndpoints
{
    private const string PlainText = "text/plain";

    public static void Map(IEndpointRouteBuilder routes, TalregApiOptions options)
    {
        var token = new AccessRequirement(AccessRule.Token);
        routes.MapGet("/ledger/checkpoint", CheckpointAsync)
            .WithMetadata(token)
            .WithSummary("The newest checkpoint of the ledger, a signed note.")
            .Produces<string>(200, PlainText).Problems(401, 503);
        routes.MapGet("/ledger/key", KeyAsync)
            .WithMetadata(token)
            .WithSummary("The ledger's verifier key, one line.")
            .Produces<string>(200, PlainText).Problems(401, 503);
        routes.MapGet("/health/live", static () => Results.Text("live\n"))
            .WithMetadata(new AccessRequirement(AccessRule.Open))
            .WithSummary("The process answers.")
            .Produces<string>(200, PlainText);
        routes.MapGet("/health/ready", ReadyAsync)
            .WithMetadata(new AccessRequirement(AccessRule.LoopbackOrToken))
            .WithSummary("Everything this node needs in order to record answers.")
            .Produces<Readiness>().Produces<Readiness>(503).Problems(401);
        routes.MapMetrics("/metrics", options.Registry ?? Metrics.DefaultRegistry)
            .WithMetadata(new AccessRequirement(AccessRule.LoopbackOrToken));
        routes.MapOpenApi("/openapi/{documentName}.json").WithMetadata(token);
    }

    private static async Task<IResult> CheckpointAsync(
        [FromServices] TenantGrains grains, CancellationToken cancellationToken) =>
        Results.Text(await grains.Ledger.GetCheckpointAsync().WaitAsync(cancellationToken).ConfigureAwait(false));

    private static async Task<IResult> KeyAsync(
        [FromServices] TenantGrains grains, CancellationToken cancellationToken)
    {
        var key = await grains.Ledger.GetVerifierKeyAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return Results.Text(key.EndsWith('\n') ? key : key + "\n");
    }

    private static async Task<IResult> ReadyAsync(
        [FromServices] HealthCheckService health, CancellationToken cancellationToken)
    {
        var report = await health.CheckHealthAsync(cancellationToken).ConfigureAwait(false);
        var checks = report.Entries
            .OrderBy(static entry => entry.Key, StringComparer.Ordinal)
            .Select(static entry => new Check(entry.Key, entry.Value.Status, entry.Value.Description))
            .ToList();
        var ready = report.Status != HealthStatus.Unhealthy;
        return Results.Json(new Readiness(ready, checks), TalregJson.Options, statusCode: ready ? 200 : 503);
    }

    private sealed record Readiness(bool Ready, IReadOnlyList<Check> Checks);

    private sealed record Check(string Name, HealthStatus Status, string? Description);
}
