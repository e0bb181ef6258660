using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Talreg.Api.Recordings;
using Talreg.Contracts;

namespace Talreg.Api.Http;

/// <summary>Tells a failure as a problem. Only what is not expected is logged as an error.</summary>
internal sealed class ApiExceptionHandler(ILogger<ApiExceptionHandler> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken ct)
    {
        var (status, type, detail) = exception switch
        {
            RefusalException refusal => Refused(refusal),
            LedgerUnavailableException ledger => (503, Problem.LedgerUnavailable, ledger.Message),
            BadHttpRequestException { StatusCode: 413 } =>
                (413, Problem.TooLarge, $"The body is longer than {MaxBody(httpContext)} bytes; send less."),
            BadHttpRequestException bad => (bad.StatusCode, Problem.Invalid, bad.Message),
            TimeoutException or OrleansException =>
                (503, Problem.Unavailable, "A part of the cluster did not answer in time; try again."),
            _ => (500, Problem.Internal, $"A fault of the recorder; report it with '{httpContext.TraceIdentifier}'."),
        };

        if (status >= 500)
        {
            ApiLog.RequestFailed(log, exception, httpContext.Request.Method, status, httpContext.TraceIdentifier);
        }

        if (status == 503)
        {
            httpContext.Response.Headers.RetryAfter = "1";
        }

        SecurityHeaders.Apply(httpContext);
        await Problem.WriteAsync(httpContext, status, type, detail).ConfigureAwait(false);
        return true;
    }

    private static long MaxBody(HttpContext http) =>
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? RequestBounds.MaxBodyBytes;

    private static (int Status, string Type, string Detail) Refused(RefusalException refusal)
    {
        var (status, type) = Problem.Of(refusal.Kind);
        return (status, type, refusal.Message);
    }
}
