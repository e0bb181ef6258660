using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Evidence.Ledger;

namespace Talreg.Api.Ledger;

/// <summary>
/// The tenant's log as C2SP tlog-tiles serves it: <c>checkpoint</c>, <c>tile/L/N[.p/W]</c>, <c>tile/entries/N[.p/W]</c>, read-only and
/// straight from its files, so that an auditor needs no grain. Beside them <c>key</c>, and <c>cosigned</c>: the newest checkpoint that
/// a quorum of witnesses has signed.
/// </summary>
internal static class LogEndpoints
{
    private const string PlainText = "text/plain; charset=utf-8";
    private const string Octets = "application/octet-stream";
    private const string Immutable = "max-age=31536000, immutable";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var rule = new AccessRequirement(AccessRule.Ledger);
        routes.MapGet("/ledger/{tenant}/checkpoint", (string tenant, HttpContext http) =>
                Note(http, tenant, log => log.ReadCheckpoint()))
            .WithMetadata(rule)
            .WithSummary("The newest checkpoint of a tenant's log, a signed note.")
            .Produces<string>(200, PlainText).Problems(401, 404, 503);
        routes.MapGet("/ledger/{tenant}/cosigned", (string tenant, HttpContext http) =>
                Note(http, tenant, log => log.ReadCosigned()))
            .WithMetadata(rule)
            .WithSummary("The newest checkpoint that a quorum of witnesses has cosigned.")
            .Produces<string>(200, PlainText).Problems(401, 404, 503);
        routes.MapGet("/ledger/{tenant}/key", KeyAsync)
            .WithMetadata(rule)
            .WithSummary("The log's verifier key, one line.")
            .Produces<string>(200, PlainText).Problems(401, 404, 503);
        routes.MapGet("/ledger/{tenant}/tile/{**path}", Tile)
            .WithMetadata(rule)
            .WithSummary("A tile of hashes, L/N, or of entries, entries/N; .p/W for its first W (C2SP tlog-tiles).")
            .Produces(200, contentType: Octets).Problems(401, 404, 503);
    }

    private static IResult Note(HttpContext http, string tenant, Func<PublishedLog, string?> read)
    {
        try
        {
            if (Find(http, tenant) is not { } log || read(log) is not { } note)
            {
                return Unknown();
            }

            // The newest one, always: a checkpoint out of a cache would look like a log that shrank.
            http.Response.Headers.CacheControl = "no-cache";
            return Results.Text(note, PlainText);
        }
        catch (LogException fault)
        {
            return Broken(http, fault);
        }
    }

    private static async Task<IResult> KeyAsync(
        string tenant, [FromServices] TenantGrains grains, CancellationToken cancellationToken)
    {
        if (tenant != grains.Tenant)
        {
            return Unknown();
        }

        var key = await grains.Ledger.GetVerifierKeyAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return Results.Text(key.EndsWith('\n') ? key : key + "\n", PlainText);
    }

    private static IResult Tile(HttpContext http, string tenant, string path, [FromServices] TalregApiOptions options)
    {
        try
        {
            if (Find(http, tenant) is not { } log || !TilePath.TryParse(path, out var tile)
                || log.ReadTile(tile) is not { } bytes)
            {
                return Unknown();
            }

            // What a tile holds never changes, a partial one included.
            http.Response.Headers.CacheControl = $"{(options.LedgerIsPublic ? "public" : "private")}, {Immutable}";
            return Results.Bytes(bytes, Octets);
        }
        catch (LogException fault)
        {
            return Broken(http, fault);
        }
    }

    private static PublishedLog? Find(HttpContext http, string tenant)
    {
        var options = http.RequestServices.GetRequiredService<TalregApiOptions>();
        return options.LedgerDirectory is { } directory && tenant == options.Tenant
            ? new PublishedLog(Path.Combine(directory, options.Tenant))
            : null;
    }

    private static IResult Unknown() =>
        Problem.Result(404, Problem.NotFound, "The log has published nothing there; see its checkpoint.");

    private static IResult Broken(HttpContext http, LogException fault)
    {
        var loggers = http.RequestServices.GetRequiredService<ILoggerFactory>();
        ApiLog.LogUnreadable(loggers.CreateLogger(typeof(LogEndpoints)), fault);
        return Problem.Result(503, Problem.Unavailable, "The log's files cannot be read; the operator has been told.");
    }
}
