using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Http;

namespace Talreg.Api.Access;

/// <summary>Swaps a token for the page's session, and ends it.</summary>
internal static class SessionEndpoints
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/session", BeginAsync)
            .WithMetadata(new AccessRequirement(AccessRule.Open))
            .WithSummary("Swaps a token for a session cookie.")
            .Accepts<SessionRequest>(Negotiation.Json)
            .Produces(204).Produces(401).Produces(429);
        routes.MapPost("/session/end", End)
            .WithMetadata(new AccessRequirement(AccessRule.Token))
            .WithSummary("Ends the session of the cookie.")
            .Produces(204);
    }

    private static async Task BeginAsync(
        HttpContext http, [FromServices] Authenticator authenticator, [FromServices] PageSessions sessions)
    {
        // A foreign page must not sign its visitor in under a token of its own.
        if (http.Request.Headers.ContainsKey("Origin") && !SameOrigin.Holds(http.Request))
        {
            await Problem.WriteAsync(http, 403, Problem.CrossOrigin, SameOrigin.Detail).ConfigureAwait(false);
            return;
        }

        if (await ReadTokenAsync(http).ConfigureAwait(false) is not { } token)
        {
            await Problem.WriteAsync(http, 400, Problem.InvalidBody, "Send {\"token\":\"…\"} as application/json.")
                .ConfigureAwait(false);
            return;
        }

        var found = authenticator.Check(token, http.Connection.RemoteIpAddress);
        if (found.Caller is { } caller)
        {
            SessionCookie.Set(http, sessions.Begin(caller.Name));
            http.Response.StatusCode = 204;
            return;
        }

        await (found.RetryAfter is { } wait
            ? AccessMiddleware.TooManyAsync(http, wait)
            : AccessMiddleware.UnauthorizedAsync(http, found.Denied)).ConfigureAwait(false);
    }

    private static async Task<string?> ReadTokenAsync(HttpContext http)
    {
        if (!http.Request.HasJsonContentType())
        {
            return null;
        }

        try
        {
            var request = await JsonSerializer
                .DeserializeAsync<SessionRequest>(http.Request.Body, Strict, http.RequestAborted)
                .ConfigureAwait(false);
            return request?.Token;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IResult End(HttpContext http, [FromServices] PageSessions sessions)
    {
        if (http.Features.Get<Caller>()?.Session is { } id)
        {
            sessions.End(id);
        }

        SessionCookie.Clear(http);
        return Results.NoContent();
    }

    private sealed record SessionRequest(string? Token);
}
