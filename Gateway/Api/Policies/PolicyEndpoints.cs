using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts;
using Talreg.Contracts.Json;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Policies;

/// <summary>Policies: read, draft, put in force.</summary>
internal static class PolicyEndpoints
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var token = new AccessRequirement(AccessRule.Token);
        routes.MapGet("/api/v1/policies/{id}", GetAsync)
            .WithMetadata(token)
            .WithSummary("A policy with all its versions.")
            .Produces<PolicyHistory>().Problems(401, 404, 503);
        routes.MapPut("/api/v1/policies/{id}", DraftAsync)
            .WithMetadata(token)
            .WithSummary("Adds a draft version; it decides nothing until it is activated.")
            .Accepts<PolicyDocument>(Negotiation.Json)
            .Produces<PolicyVersion>(202).Problems(400, 401, 413, 415, 503);
        routes.MapPost("/api/v1/policies/{id}/versions/{version}/activate", ActivateAsync)
            .WithMetadata(token)
            .WithSummary("Puts a version in force from now on.")
            .Produces<PolicyVersion>().Problems(400, 401, 404, 503);
    }

    private static async Task<IResult> GetAsync(
        string id, [FromServices] TenantGrains grains, CancellationToken cancellationToken)
    {
        var history = Names.IsValid(id)
            ? await grains.Policy(id).GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false)
            : null;
        return history is null
            ? Problem.Result(404, Problem.NotFound, "There is no such policy; PUT to this path drafts one.")
            : Results.Json(history, TalregJson.Options);
    }

    private static async Task<IResult> DraftAsync(string id, HttpContext http, [FromServices] TenantGrains grains)
    {
        if (!Names.IsValid(id))
        {
            return BadName(id);
        }

        PolicyDocument document;
        try
        {
            using var json = await JsonDocument.ParseAsync(http.Request.Body, Strict, http.RequestAborted)
                .ConfigureAwait(false);
            if (!PolicyBody.TryRead(json.RootElement, out document, out var detail))
            {
                return Problem.Result(400, Problem.InvalidBody, detail);
            }
        }
        catch (JsonException fault)
        {
            return Problem.Result(400, Problem.InvalidBody, $"The body is not JSON: {fault.Message}");
        }

        var actor = http.Features.GetRequiredFeature<Caller>().Name;
        var version = await grains.Policy(id).DraftAsync(document, actor).ConfigureAwait(false);
        http.Response.Headers.Location = $"/api/v1/policies/{id}";
        return Results.Json(version, TalregJson.Options, statusCode: 202);
    }

    private static async Task<IResult> ActivateAsync(
        string id, string version, HttpContext http, [FromServices] TenantGrains grains)
    {
        if (!Names.IsValid(id))
        {
            return BadName(id);
        }

        if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
        {
            return Problem.Parameter("version", version, "a version's number, 1 or more");
        }

        var actor = http.Features.GetRequiredFeature<Caller>().Name;
        var active = await grains.Policy(id).ActivateAsync(number, actor).ConfigureAwait(false);
        return Results.Json(active, TalregJson.Options);
    }

    private static IResult BadName(string held) =>
        Problem.Parameter("id", held, $"1 to {Names.MaxLength} of a-z, 0-9 and '-', no hyphen first or last");
}
