using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Talreg.Api.Http;

namespace Talreg.Api.Access;

/// <summary>Lets a request through to its endpoint, or says why not. What has no rule needs a token, unknown paths too.</summary>
internal sealed class AccessMiddleware(
    RequestDelegate next, Authenticator authenticator, TalregApiOptions options)
{
    public Task InvokeAsync(HttpContext http)
    {
        var rule = http.GetEndpoint()?.Metadata.GetMetadata<AccessRequirement>()?.Rule ?? AccessRule.Token;
        if (rule == AccessRule.Open || (rule == AccessRule.LoopbackOrToken && IsLocal(http))
            || (rule == AccessRule.Ledger && options.LedgerIsPublic))
        {
            return next(http);
        }

        return authenticator.Authenticate(http) switch
        {
            { Caller: { } caller } => AdmitAsync(http, caller, rule),
            { RetryAfter: { } wait } => TooManyAsync(http, wait),
            { Denied: { } reason } => UnauthorizedAsync(http, reason),
            _ => UnauthorizedAsync(http, null),
        };
    }

    /// <summary>429 for an address that tried too many wrong tokens.</summary>
    public static Task TooManyAsync(HttpContext http, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problem.WriteAsync(
            http,
            429,
            Problem.TooManyAttempts,
            $"Too many wrong tokens came from this address; try again in {seconds} s.");
    }

    /// <summary>401 with the challenge of RFC 6750 §3.</summary>
    public static Task UnauthorizedAsync(HttpContext http, string? reason)
    {
        http.Response.Headers.WWWAuthenticate = reason is null
            ? "Bearer realm=\"talreg\""
            : "Bearer realm=\"talreg\", error=\"invalid_token\"";
        return Problem.WriteAsync(
            http,
            401,
            Problem.Unauthorized,
            reason ?? "Send the header 'Authorization: Bearer <token>', or sign in at '/'.");
    }

    /// <summary>By the connection alone; a request that says it was forwarded is somebody else's.</summary>
    private static bool IsLocal(HttpContext http) =>
        http.Connection.RemoteIpAddress is { } address
        && IPAddress.IsLoopback(address)
        && !http.Request.Headers.ContainsKey("X-Forwarded-For")
        && !http.Request.Headers.ContainsKey("Forwarded");

    private Task AdmitAsync(HttpContext http, Caller caller, AccessRule rule)
    {
        if (caller.Name == AccessTokens.Auditor && rule != AccessRule.Ledger)
        {
            return Problem.WriteAsync(
                http, 403, Problem.Forbidden, "The auditor's token reads /ledger/{tenant}/ and nothing else.");
        }

        if (caller.Session is not null && !IsSafe(http.Request.Method) && !SameOrigin.Holds(http.Request))
        {
            return Problem.WriteAsync(http, 403, Problem.CrossOrigin, SameOrigin.Detail);
        }

        http.Features.Set(caller);
        return next(http);
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
}
