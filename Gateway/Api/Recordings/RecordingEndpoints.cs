using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts;

namespace Talreg.Api.Recordings;

/// <summary>What was recorded: as audio, as evidence, as packets. The listen is in the ledger before the first byte.</summary>
internal static class RecordingEndpoints
{
    public const string Wav = "audio/wav";
    public const string Zip = "application/zip";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var token = new AccessRequirement(AccessRule.Token);
        routes.MapMethods("/api/v1/calls/{id}/audio", ["GET", "HEAD"], AudioAsync)
            .WithMetadata(token)
            .WithSummary("The call as stereo WAV; takes HTTP ranges.")
            .Produces(200, null, Wav).Produces(206, null, Wav).Problems(400, 401, 404, 410, 416, 503);
        routes.MapGet("/api/v1/calls/{id}/evidence", EvidenceAsync)
            .WithMetadata(token)
            .WithSummary("The evidence bundle of the call.")
            .Produces(200, null, Zip).Problems(400, 401, 404, 410, 503);
        routes.MapGet("/api/v1/calls/{id}/packets", PacketsAsync)
            .WithMetadata(token)
            .WithSummary("The packets as received: pcapng, or an Arrow stream by Accept.")
            .Produces(200, null, Negotiation.Pcapng, Negotiation.Arrow).Problems(400, 401, 404, 406, 410, 503);
    }

    private static async Task AudioAsync(
        string id, HttpContext http, [FromServices] RecordingAccess access, [FromServices] IRecordedMedia media)
    {
        var opened = await access.OpenAsync(id, http, "audio").ConfigureAwait(false);
        if (opened is not { } recording)
        {
            return;
        }

        var rendering = await media.OpenAudioAsync(recording.Call, recording.Use, http.RequestAborted)
            .ConfigureAwait(false);
        if (rendering is null)
        {
            await RecordingAccess.NothingAsync(http).ConfigureAwait(false);
            return;
        }

        await using (rendering.ConfigureAwait(false))
        {
            var response = AudioResponse.Begin(http, recording.Call, rendering);
            if (response.Length > 0)
            {
                await access.RecordAsync(recording, http).ConfigureAwait(false);
                await response.SendAsync(rendering, http).ConfigureAwait(false);
            }
            else if (http.Response.StatusCode == 416)
            {
                const string detail = "The range begins after the end; Content-Range gives the length.";
                await Problem.WriteAsync(http, 416, Problem.RangeNotSatisfiable, detail).ConfigureAwait(false);
            }
        }
    }

    private static async Task EvidenceAsync(
        string id, HttpContext http, [FromServices] RecordingAccess access, [FromServices] IRecordedMedia media)
    {
        var opened = await access.OpenAsync(id, http, "evidence").ConfigureAwait(false);
        if (opened is not { } recording)
        {
            return;
        }

        var bundle = await media.BuildBundleAsync(recording.Call, recording.Use, http.RequestAborted)
            .ConfigureAwait(false);
        if (bundle is null)
        {
            await RecordingAccess.NothingAsync(http).ConfigureAwait(false);
            return;
        }

        await using (bundle.ConfigureAwait(false))
        {
            await access.RecordAsync(recording, http).ConfigureAwait(false);
            http.Response.ContentType = Zip;
            http.Response.ContentLength = bundle.Length;
            Attach(http, recording.Call.Id, "zip");
            await bundle.CopyToAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
        }
    }

    private static async Task PacketsAsync(
        string id, HttpContext http, [FromServices] RecordingAccess access, [FromServices] IRecordedMedia media)
    {
        if (Negotiation.Choose(http.Request, Negotiation.Pcapng, Negotiation.Arrow) is not { } form)
        {
            const string detail = $"Accept {Negotiation.Pcapng} or {Negotiation.Arrow}.";
            await Problem.WriteAsync(http, 406, Problem.NotAcceptable, detail).ConfigureAwait(false);
            return;
        }

        if (await access.OpenAsync(id, http, "packets").ConfigureAwait(false) is not { } recording)
        {
            return;
        }

        await access.RecordAsync(recording, http).ConfigureAwait(false);
        http.Response.ContentType = form;
        http.Response.Headers.Vary = "Accept";
        if (form == Negotiation.Arrow)
        {
            Attach(http, recording.Call.Id, "arrows");
            var packets = media.ReadPacketsAsync(recording.Call, recording.Use, http.RequestAborted);
            await PacketArrow.WriteAsync(packets, http.Response.Body, http.RequestAborted).ConfigureAwait(false);
            return;
        }

        Attach(http, recording.Call.Id, "pcapng");
        await media.WritePcapngAsync(recording.Call, recording.Use, http.Response.Body, http.RequestAborted)
            .ConfigureAwait(false);
    }

    private static void Attach(HttpContext http, CallId id, string extension) =>
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{id}.{extension}\"";
}
