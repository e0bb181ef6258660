using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;

namespace Talreg.Api.Ledger;

/// <summary>Puts every copy of a search's result in the ledger (FORMAT.md §6, type 9) before its first byte.</summary>
internal sealed class SearchExportLedger(
    TenantGrains grains, TalregApiOptions options, TimeProvider time, ILogger<SearchExportLedger> log)
{
    /// <summary>The longest query that is written whole, in characters; the rest is cut.</summary>
    public const int MaxQueryLength = 2048;

    /// <summary>Completes when the leaf is in the ledger.</summary>
    /// <param name="http">The search.</param>
    /// <param name="form">The form of the copy.</param>
    /// <param name="calls">How many calls it holds.</param>
    /// <exception cref="LedgerUnavailableException">The ledger refused, or did not confirm in time.</exception>
    public async Task RecordAsync(HttpContext http, string form, int calls)
    {
        var query = http.Request.QueryString.Value ?? string.Empty;
        var body = new JsonObject
        {
            ["tenant"] = grains.Tenant,
            ["actor"] = http.Features.GetRequiredFeature<Caller>().Name,
            ["query"] = query.Length > MaxQueryLength ? query[..MaxQueryLength] : query,
            ["form"] = form,
            ["calls"] = calls,
        };
        try
        {
            await grains.Ledger.AppendAsync(new LedgerEvent(
                    LedgerEventKind.SearchExport,
                    $"searchExport/{Guid.CreateVersion7():D}",
                    time.GetUtcNow(),
                    CanonicalJson.Write(body)))
                .WaitAsync(options.LedgerDeadline, time, http.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is TimeoutException or RefusalException or OrleansException)
        {
            ApiLog.SearchExportRefused(log, fault);
            throw new LedgerUnavailableException(fault);
        }
    }
}
