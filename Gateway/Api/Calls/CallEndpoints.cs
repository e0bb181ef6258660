using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Api.Ledger;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;

namespace Talreg.Api.Calls;

/// <summary>Search, one call, and commands to a live one.</summary>
internal static class CallEndpoints
{
    /// <summary>Where a search in Arrow form puts the cursor of the next page.</summary>
    public const string NextHeader = "X-Talreg-Next";

    /// <summary>The longest reason of a command, in characters.</summary>
    public const int MaxReasonLength = 256;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var token = new AccessRequirement(AccessRule.Token);
        routes.MapGet("/api/v1/calls", SearchAsync)
            .WithMetadata(token)
            .WithSummary("Searches calls, newest first; as an Arrow stream by Accept.")
            .Produces<CallPage>(200, Negotiation.Json, Negotiation.Arrow).Problems(400, 401, 406, 503);
        routes.MapGet("/api/v1/calls/{id}", GetAsync)
            .WithMetadata(token)
            .WithSummary("A call as it stands.")
            .Produces<CallDocument>().Problems(400, 401, 404, 503);
        foreach (var command in Enum.GetValues<CallCommand>())
        {
            var word = CallTransitions.Word(command);
            routes.MapPost($"/api/v1/calls/{{id}}/{word}", Handler(command))
                .WithMetadata(token)
                .WithSummary(Summary(command))
                .Produces<CallDocument>().Problems(400, 401, 403, 404, 409, 503);
        }
    }

    /// <summary>The problem of a path whose id is none.</summary>
    public static IResult BadId(string held) => Problem.Parameter("id", held, "a call's id, a UUID with hyphens");

    /// <summary>The problem of an id nobody knows.</summary>
    public static IResult Unknown(CallId id) =>
        Problem.Result(404, Problem.NotFound, $"No call has the id {id}; search with GET /api/v1/calls.");

    private static async Task SearchAsync(
        HttpContext http,
        [AsParameters] SearchParameters parameters,
        [FromServices] TenantGrains grains,
        [FromServices] ICallIndex index,
        [FromServices] SearchExportLedger exports)
    {
        if (Negotiation.Choose(http.Request, Negotiation.Json, Negotiation.Arrow) is not { } form)
        {
            const string detail = $"Accept {Negotiation.Json} or {Negotiation.Arrow}.";
            await Problem.WriteAsync(http, 406, Problem.NotAcceptable, detail).ConfigureAwait(false);
            return;
        }

        if (!parameters.TryRead(grains.Tenant, out var query, out var problem))
        {
            await problem!.ExecuteAsync(http).ConfigureAwait(false);
            return;
        }

        var page = await index.SearchAsync(query, http.RequestAborted).ConfigureAwait(false);
        http.Response.Headers.Vary = "Accept";
        if (form == Negotiation.Json)
        {
            await http.Response.WriteAsJsonAsync(page, TalregJson.Options, http.RequestAborted).ConfigureAwait(false);
            return;
        }

        await exports.RecordAsync(http, "arrow", page.Items.Count).ConfigureAwait(false);
        http.Response.ContentType = Negotiation.Arrow;
        if (page.Next is not null)
        {
            http.Response.Headers[NextHeader] = page.Next;
        }

        await CallArrow.WriteAsync(page.Items, http.Response.Body, http.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<IResult> GetAsync(
        string id, [FromServices] TenantGrains grains, CancellationToken cancellationToken)
    {
        if (!CallId.TryParse(id, out var callId))
        {
            return BadId(id);
        }

        var call = await grains.FindCallAsync(callId, cancellationToken).ConfigureAwait(false);
        return call is null ? Unknown(callId) : Results.Json(call, TalregJson.Options);
    }

    private static Func<string, string?, HttpContext, TenantGrains, Task<IResult>> Handler(CallCommand command) =>
        (string id, [FromQuery] string? reason, HttpContext http, [FromServices] TenantGrains grains) =>
            CommandAsync(command, id, reason, http, grains);

    private static async Task<IResult> CommandAsync(
        CallCommand command, string id, string? reason, HttpContext http, TenantGrains grains)
    {
        if (!CallId.TryParse(id, out var callId))
        {
            return BadId(id);
        }

        if (reason is not null && (reason.Length is 0 or > MaxReasonLength || reason.Any(char.IsControl)))
        {
            return Problem.Parameter("reason", reason, $"1 to {MaxReasonLength} characters of text");
        }

        if (await grains.FindCallAsync(callId, http.RequestAborted).ConfigureAwait(false) is null)
        {
            return Unknown(callId);
        }

        // Not cancelled with the request: a command once sent is carried out, and its answer is only unheard.
        var actor = http.Features.GetRequiredFeature<Caller>().Name;
        var call = await grains.Call(callId).CommandAsync(command, actor, reason).ConfigureAwait(false);
        return Results.Json(call, TalregJson.Options);
    }

    private static string Summary(CallCommand command) => command switch
    {
        CallCommand.Start => "Begins to record an on-demand call.",
        CallCommand.Stop => "Ends the recording; the call may go on.",
        CallCommand.Pause => "Stores nothing until resumed.",
        CallCommand.Resume => "Goes on after a pause.",
        CallCommand.SuppressDigits => "Stores no keys pressed until allowed: card data may follow.",
        _ => "Stores keys pressed again.",
    };
}
