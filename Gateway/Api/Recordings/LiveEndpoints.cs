using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Talreg.Api.Access;
using Talreg.Api.Http;

namespace Talreg.Api.Recordings;

/// <summary>A supervisor's listen-in: a call as it is recorded. The listen is in the ledger before the first byte.</summary>
internal static class LiveEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/calls/{id}/live", LiveAsync)
        .WithMetadata(new AccessRequirement(AccessRule.Token))
        .WithSummary("The call as it goes on: a stereo WAV without an end, until the call is over.")
        .Produces(200, null, RecordingEndpoints.Wav).Problems(400, 401, 404, 409, 410, 503);

    private static async Task LiveAsync(string id, HttpContext http, [FromServices] RecordingAccess access)
    {
        if (await access.OpenAsync(id, http, "live").ConfigureAwait(false) is not { } recording)
        {
            return;
        }

        ILiveListen? listen;
        try
        {
            // A process without a gateway has no live calls.
            listen = http.RequestServices.GetService<ILiveMedia>() is { } media
                ? await media.OpenAsync(recording.Call, http.RequestAborted).ConfigureAwait(false)
                : null;
        }
        catch (LiveUnavailableException e)
        {
            await Problem.WriteAsync(http, 503, Problem.Unavailable, e.Message).ConfigureAwait(false);
            return;
        }

        if (listen is null)
        {
            const string detail = "No take of this call is being recorded here now; what was recorded is at /audio.";
            await Problem.WriteAsync(http, 409, Problem.WrongState, detail).ConfigureAwait(false);
            return;
        }

        await using (listen.ConfigureAwait(false))
        {
            await access.RecordAsync(recording, http).ConfigureAwait(false);
            http.Response.ContentType = RecordingEndpoints.Wav;
            http.Response.Headers.CacheControl = "no-store";
            http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await listen.CopyToAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
        }
    }
}
