using Microsoft.AspNetCore.Http;

namespace Talreg.Api.Http;

/// <summary>Gives the framework's own bare statuses (404, 405, 415 …) the body of a problem.</summary>
internal sealed class StatusProblems(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext http)
    {
        SecurityHeaders.Apply(http);
        await next(http).ConfigureAwait(false);
        var response = http.Response;
        if (response.HasStarted || response.StatusCode < 400 || response.ContentType is not null)
        {
            return;
        }

        var (type, detail) = response.StatusCode switch
        {
            404 => (Problem.NotFound, "There is nothing at this path; /openapi/v1.json lists what there is."),
            405 => (Problem.MethodNotAllowed, $"This path answers {response.Headers.Allow} only."),
            413 => (Problem.TooLarge, $"The body is longer than {RequestBounds.MaxBodyBytes} bytes; send less."),
            415 => (Problem.UnsupportedMediaType, "Send the body as application/json."),
            _ => (Problem.Invalid, "The request was refused; /openapi/v1.json says what it may hold."),
        };
        await Problem.WriteAsync(http, response.StatusCode, type, detail).ConfigureAwait(false);
    }
}
