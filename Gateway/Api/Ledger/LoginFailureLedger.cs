using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Talreg.Api.Access;
using Talreg.Api.Http;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;

namespace Talreg.Api.Ledger;

/// <summary>
/// Puts every burst of wrong tokens in the ledger (FORMAT.md §6, type 8). Nobody waits for these leaves: whoever is guessing must not be
/// able to hold the API up. What cannot be written is counted into the next one.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class LoginFailureLedger(TenantGrains grains, TimeProvider time, ILogger<LoginFailureLedger> log)
{
    /// <summary>The most leaves that wait for the ledger at once.</summary>
    public const int MaxUnderWay = 32;

    private int _underWay;
    private long _unwritten;

    /// <summary>An address was blocked.</summary>
    public void Note(IPAddress? address)
    {
        if (Interlocked.Increment(ref _underWay) > MaxUnderWay)
        {
            Interlocked.Decrement(ref _underWay);
            Interlocked.Increment(ref _unwritten);
            return;
        }

        _ = AppendAsync(address?.ToString() ?? "unknown");
    }

    private async Task AppendAsync(string address)
    {
        var others = Interlocked.Exchange(ref _unwritten, 0);
        try
        {
            var body = new JsonObject
            {
                ["tenant"] = grains.Tenant,
                ["address"] = address,
                ["attempts"] = FailedAttempts.MaxPerWindow,
                ["windowSeconds"] = (int)FailedAttempts.Window.TotalSeconds,
                ["others"] = others,
            };
            await grains.Ledger.AppendAsync(new LedgerEvent(
                LedgerEventKind.LoginFailures,
                $"loginFailures/{Guid.CreateVersion7():D}",
                time.GetUtcNow(),
                CanonicalJson.Write(body))).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is TimeoutException or RefusalException or OrleansException)
        {
            Interlocked.Add(ref _unwritten, others + 1);
            ApiLog.LoginFailuresUnwritten(log, fault);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
