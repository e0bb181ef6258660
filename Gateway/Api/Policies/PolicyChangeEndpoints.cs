using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts.Json;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Policies;

/// <summary>
/// A draft's way into force: tried on calls that were, approved by another, in force from a moment on.
/// </summary>
internal static class PolicyChangeEndpoints
{
    /// <summary>What is looked at where a simulation does not say from when.</summary>
    public static readonly TimeSpan Month = TimeSpan.FromDays(31);

    private const int DefaultLimit = 50;
    private const int MaxLimit = 500;
    private const string Version = "/api/v1/policies/{id}/versions/{version}";

    public static void Map(IEndpointRouteBuilder routes, AccessRequirement token)
    {
        routes.MapPost(Version + "/simulation", SimulateAsync)
            .WithMetadata(token)
            .WithSummary("Tries a version on calls that were, of the last 31 days or from 'from' to before 'to'.")
            .Produces<PolicySimulation>(202).Problems(400, 401, 404, 503);
        routes.MapGet(Version + "/simulation", SimulationAsync)
            .WithMetadata(token)
            .WithSummary("How far that is, and which calls would have been decided otherwise.")
            .Produces<PolicySimulation>().Problems(400, 401, 404, 503);
        routes.MapPost(Version + "/approve", ApproveAsync)
            .WithMetadata(token)
            .WithSummary("A second person lets a version be put in force, once.")
            .Produces<PolicyVersion>().Problems(400, 401, 403, 404, 409, 503);
        routes.MapPost(Version + "/activate", ActivateAsync)
            .WithMetadata(token)
            .WithSummary("Puts a version in force, now or from 'at' on.")
            .Produces<PolicyVersion>().Problems(400, 401, 403, 404, 409, 503);
        routes.MapPost(Version + "/withdraw", WithdrawAsync)
            .WithMetadata(token)
            .WithSummary("Takes back that a version comes into force later.")
            .Produces<PolicyVersion>().Problems(400, 401, 404, 409, 503);
    }

    private static async Task<IResult> SimulateAsync(
        string id,
        string version,
        [FromQuery] string? from,
        [FromQuery] string? to,
        HttpContext http,
        [FromServices] TenantGrains grains,
        [FromServices] TimeProvider clock)
    {
        DateTimeOffset? first = null;
        DateTimeOffset? last = null;
        if ((PolicyPath.Read(id, version, out var number)
            ?? PolicyPath.Time(nameof(from), from, out first)
            ?? PolicyPath.Time(nameof(to), to, out last)) is { } problem)
        {
            return problem;
        }

        var end = last ?? clock.GetUtcNow();
        var actor = http.Features.GetRequiredFeature<Caller>().Name;
        var simulation = await grains.Simulation(id, number).StartAsync(first ?? end - Month, end, actor)
            .ConfigureAwait(false);
        return Results.Json(simulation, TalregJson.Options, statusCode: 202);
    }

    private static async Task<IResult> SimulationAsync(
        string id,
        string version,
        [FromQuery] string? offset,
        [FromQuery] string? limit,
        [FromServices] TenantGrains grains,
        CancellationToken cancellationToken)
    {
        if (PolicyPath.Read(id, version, out var number) is { } problem)
        {
            return problem;
        }

        if (!TryNumber(offset, 0, int.MaxValue - MaxLimit, 0, out var skip))
        {
            return Problem.Parameter(nameof(offset), offset, "the 'next' of the page before");
        }

        if (!TryNumber(limit, 0, MaxLimit, DefaultLimit, out var take))
        {
            return Problem.Parameter(nameof(limit), limit, $"0 to {MaxLimit}");
        }

        var simulation = await grains.Simulation(id, number).GetAsync(skip, take)
            .WaitAsync(cancellationToken).ConfigureAwait(false);
        return simulation is null
            ? Problem.Result(404, Problem.NotFound, "No simulation of it is known; POST to this path starts one.")
            : Results.Json(simulation, TalregJson.Options);
    }

    private static Task<IResult> ApproveAsync(
        string id, string version, HttpContext http, [FromServices] TenantGrains grains) =>
        ChangeAsync(id, version, http, (number, actor) => grains.Policy(id).ApproveAsync(number, actor));

    private static async Task<IResult> ActivateAsync(
        string id, string version, [FromQuery] string? at, HttpContext http, [FromServices] TenantGrains grains) =>
        PolicyPath.Time(nameof(at), at, out var moment)
            ?? await ChangeAsync(
                id, version, http, (number, actor) => grains.Policy(id).ActivateAsync(number, actor, moment))
                .ConfigureAwait(false);

    private static Task<IResult> WithdrawAsync(
        string id, string version, HttpContext http, [FromServices] TenantGrains grains) =>
        ChangeAsync(id, version, http, (number, actor) => grains.Policy(id).WithdrawAsync(number, actor));

    private static async Task<IResult> ChangeAsync(
        string id, string version, HttpContext http, Func<int, string, Task<PolicyVersion>> change)
    {
        if (PolicyPath.Read(id, version, out var number) is { } problem)
        {
            return problem;
        }

        var actor = http.Features.GetRequiredFeature<Caller>().Name;
        return Results.Json(await change(number, actor).ConfigureAwait(false), TalregJson.Options);
    }

    private static bool TryNumber(string? held, int low, int high, int fallback, out int value)
    {
        value = fallback;
        return held is null
            || (int.TryParse(held, NumberStyles.None, CultureInfo.InvariantCulture, out value)
                && value >= low && value <= high);
    }
}
