using Microsoft.AspNetCore.Http;
using Talreg.Contracts;
using Talreg.Contracts.Json;

namespace Talreg.Api.Http;

/// <summary>The problem types of the API (RFC 9457). A type's URN never changes; its detail says what to do.</summary>
internal static class Problem
{
    public const string ContentType = "application/problem+json";
    public const string NotFound = "not-found";
    public const string NoRecording = "no-recording";
    public const string Erased = "erased";
    public const string InvalidParameter = "invalid-parameter";
    public const string InvalidBody = "invalid-body";
    public const string Invalid = "invalid";
    public const string WrongState = "wrong-state";
    public const string StaleEpoch = "stale-epoch";
    public const string Forbidden = "forbidden";
    public const string CrossOrigin = "cross-origin";
    public const string Unauthorized = "unauthorized";
    public const string TooManyAttempts = "too-many-attempts";
    public const string Unavailable = "unavailable";
    public const string LedgerUnavailable = "ledger-unavailable";
    public const string NotAcceptable = "not-acceptable";
    public const string RangeNotSatisfiable = "range-not-satisfiable";
    public const string TooLarge = "too-large";
    public const string MethodNotAllowed = "method-not-allowed";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string Internal = "internal";

    /// <summary>Writes a problem as the response. The response must not have started.</summary>
    public static Task WriteAsync(HttpContext http, int status, string type, string detail)
    {
        http.Response.StatusCode = status;
        var body = new ProblemBody($"urn:talreg:problem:{type}", Title(status), status, detail);
        return http.Response.WriteAsJsonAsync(body, TalregJson.Options, ContentType, http.RequestAborted);
    }

    /// <summary>The same as a result of an endpoint.</summary>
    public static IResult Result(int status, string type, string detail) => new ProblemResult(status, type, detail);

    /// <summary>A value of the path or the query that cannot be: 400.</summary>
    public static IResult Parameter(string name, string? held, string allowed) =>
        Result(400, InvalidParameter, $"The parameter '{name}' held '{Shorten(held)}'; it may hold {allowed}.");

    /// <summary>How a refusal of a grain is told.</summary>
    public static (int Status, string Type) Of(RefusalKind kind) => kind switch
    {
        RefusalKind.NotFound => (404, NotFound),
        RefusalKind.Invalid => (400, Invalid),
        RefusalKind.WrongState => (409, WrongState),
        RefusalKind.StaleEpoch => (409, StaleEpoch),
        RefusalKind.Forbidden => (403, Forbidden),
        _ => (503, Unavailable),
    };

    /// <summary>What stands in a message of what a caller sent: never more than 80 characters.</summary>
    public static string Shorten(string? held) => held is { Length: > 80 } ? held[..80] + "…" : held ?? string.Empty;

    private static string Title(int status) => status switch
    {
        400 => "Bad request",
        401 => "Token required",
        403 => "Forbidden",
        404 => "Not found",
        405 => "Method not allowed",
        406 => "Not acceptable",
        409 => "Not in a state that allows it",
        410 => "Erased",
        413 => "Too large",
        415 => "Unsupported media type",
        416 => "Range not satisfiable",
        429 => "Too many attempts",
        503 => "Unavailable",
        _ => status < 500 ? "Refused" : "Internal error",
    };

    private sealed record ProblemBody(string Type, string Title, int Status, string Detail);

    private sealed class ProblemResult(int status, string type, string detail) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, status, type, detail);
    }
}
