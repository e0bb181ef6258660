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

/// <summary>Policies: the language, what there is, and drafts.</summary>
internal static class PolicyEndpoints
{
    /// <summary>The media type of the language's schema.</summary>
    public const string SchemaType = "application/schema+json";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var token = new AccessRequirement(AccessRule.Token);
        routes.MapGet("/api/v1/schemas/policy", static () => Results.Bytes(PolicySchema.Text, SchemaType))
            .WithMetadata(token)
            .WithSummary("The JSON Schema of a policy's text.")
            .Produces(200, contentType: SchemaType).Problems(401);
        routes.MapGet("/api/v1/policies/{id}", GetAsync)
            .WithMetadata(token)
            .WithSummary("A policy with all its versions, the newest with their text.")
            .Produces<PolicyHistory>().Problems(401, 404, 503);
        routes.MapPut("/api/v1/policies/{id}", DraftAsync)
            .WithMetadata(token, new RequestSizeLimitAttribute(PolicyBody.MaxBytes))
            .WithSummary("Adds a draft version; it decides nothing until it is activated.")
            .Accepts<PolicyDocument>(Negotiation.Json)
            .Produces<PolicyVersion>(202).Problems(400, 401, 409, 413, 415, 503);
        routes.MapGet("/api/v1/policies/{id}/versions/{version}", VersionAsync)
            .WithMetadata(token)
            .WithSummary("One version with its text.")
            .Produces<PolicyVersion>().Problems(400, 401, 404, 503);
        PolicyChangeEndpoints.Map(routes, token);
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
            return PolicyPath.BadName(id);
        }

        var (document, problem) = await PolicyBody.ReadAsync(http.Request).ConfigureAwait(false);
        if (document is null)
        {
            return problem!;
        }

        var actor = http.Features.GetRequiredFeature<Caller>().Name;
        var version = await grains.Policy(id).DraftAsync(document, actor).ConfigureAwait(false);
        http.Response.Headers.Location = FormattableString.Invariant(
            $"/api/v1/policies/{id}/versions/{version.Version}");
        return Results.Json(version, TalregJson.Options, statusCode: 202);
    }

    private static async Task<IResult> VersionAsync(
        string id, string version, [FromServices] TenantGrains grains, CancellationToken cancellationToken)
    {
        if (PolicyPath.Read(id, version, out var number) is { } problem)
        {
            return problem;
        }

        var known = await grains.Policy(id).GetVersionAsync(number).WaitAsync(cancellationToken).ConfigureAwait(false);
        return known is null
            ? Problem.Result(404, Problem.NotFound, "There is no such version.")
            : Results.Json(known, TalregJson.Options);
    }
}
