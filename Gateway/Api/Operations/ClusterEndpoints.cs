using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Json;

namespace Talreg.Api.Operations;

/// <summary>What runs where, and moving it.</summary>
internal static class ClusterEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var token = new AccessRequirement(AccessRule.Token);
        routes.MapGet("/api/v1/operations/status", StatusAsync)
            .WithMetadata(token)
            .WithSummary("Interfaces, owners, epochs, standbys, live calls and alarms.")
            .Produces<ClusterStatus>().Problems(401, 503);
        routes.MapPost("/api/v1/operations/interfaces/{interface}/drain", Handler(HandoverKind.Drain))
            .WithMetadata(token)
            .WithSummary("Asks the owner of an interface to hand it to a standby.")
            .Produces<InterfaceStatus>(202).Problems(400, 401, 403, 404, 409, 503);
        routes.MapPost("/api/v1/operations/interfaces/{interface}/failback", Handler(HandoverKind.Failback))
            .WithMetadata(token)
            .WithSummary("Asks the owner of an interface to hand it back to its home.")
            .Produces<InterfaceStatus>(202).Problems(400, 401, 403, 404, 409, 503);
    }

    private static async Task<IResult> StatusAsync(
        [FromServices] StatusReader status, CancellationToken cancellationToken) =>
        Results.Json(await status.ReadAsync(cancellationToken).ConfigureAwait(false), TalregJson.Options);

    private static Func<string, HttpContext, TenantGrains, StatusReader, Task<IResult>> Handler(HandoverKind kind) =>
        (
            [FromRoute(Name = "interface")] string @interface,
            HttpContext http,
            [FromServices] TenantGrains grains,
            [FromServices] StatusReader status) => AskAsync(kind, @interface, http, grains, status);

    private static async Task<IResult> AskAsync(
        HandoverKind kind, string @interface, HttpContext http, TenantGrains grains, StatusReader status)
    {
        if (!Names.IsValid(@interface))
        {
            return Problem.Parameter("interface", @interface, $"1 to {Names.MaxLength} of a-z, 0-9 and '-'");
        }

        // Not cancelled with the request: what is asked of an owner stands, and its answer is only unheard.
        var caller = http.Features.GetRequiredFeature<Caller>();
        var asked = await grains.Interface(@interface).AskHandoverAsync(kind, caller.Name)
            .ConfigureAwait(false);
        return Results.Json(
            await status.DescribeAsync(asked, http.RequestAborted).ConfigureAwait(false),
            TalregJson.Options,
            statusCode: StatusCodes.Status202Accepted);
    }
}
