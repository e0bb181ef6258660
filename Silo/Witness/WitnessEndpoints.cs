using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Prometheus;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;

namespace Talreg.Silo.Witness;

/// <summary>
/// What a witness serves: <c>POST /add-checkpoint</c> (C2SP tlog-witness), <c>GET /checkpoints/{SHA-256 of the origin}</c>,
/// <c>GET /key</c>, <c>GET /metrics</c>. All of it is public: a witness has no secret but its key.
/// </summary>
internal static class WitnessEndpoints
{
    private const string PlainText = "text/plain; charset=utf-8";

    public static void Map(WebApplication app, WitnessKey key, CollectorRegistry registry)
    {
        app.Use(static (http, next) =>
        {
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
            return next(http);
        });
        app.UseRouting();
        app.MapPost("/add-checkpoint", AddAsync);
        app.MapGet("/checkpoints/{id}", static (string id, [FromServices] WitnessRegister register) =>
            register.Logs.FirstOrDefault(log => log.Id == id)?.Note is { } note
                ? Results.Text(note, PlainText)
                : Results.NotFound());
        app.MapGet("/key", () => Results.Text($"{key}\n", PlainText));
        app.MapMetrics("/metrics", registry);
    }

    private static async Task<IResult> AddAsync(HttpContext http, [FromServices] WitnessRegister register)
    {
        // One character more than allowed: the parser then refuses what is too long.
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var buffer = new char[AddCheckpoint.MaxLength + 1];
        var read = await reader.ReadBlockAsync(buffer, http.RequestAborted).ConfigureAwait(false);
        if (!AddCheckpoint.TryParse(new string(buffer, 0, read), out var request, out var reason)
            || !SignedNote.TryParse(request.Note, out var note, out reason)
            || !Checkpoint.TryParse(note.Text, out var checkpoint, out reason))
        {
            return Say(400, reason);
        }

        if (register.Find(checkpoint.Origin) is not { } log)
        {
            return Say(404, "this log is not followed here");
        }

        var said = log.Add(request, out var line);
        if (said is Sighting.Accepted or Sighting.Forked)
        {
            // Anyone may send a wrong proof: only two signed roots accuse the log, whoever brings them.
            register.Note(log, said, http.Connection.RemoteIpAddress?.ToString() ?? "unknown");
        }

        return said switch
        {
            Sighting.Accepted => Results.Text(line, PlainText),
            Sighting.OldSizeDiffers => Results.Text(
                log.Size.ToString(CultureInfo.InvariantCulture) + "\n",
                AddCheckpoint.SizeContentType,
                statusCode: 409),
            Sighting.Forked => Say(409, "this log has signed two roots for one size"),
            Sighting.NotSigned => Say(403, "the log's key did not sign this"),
            Sighting.Inconsistent => Say(422, "the proof does not lead from what was seen to this"),
            _ => Say(400, "the old size is larger than the checkpoint"),
        };
    }

    private static IResult Say(int status, string text) => Results.Text(text + "\n", PlainText, statusCode: status);
}
