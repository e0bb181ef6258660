using System.Text.Json.Nodes;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;

namespace Talreg.Gateway.Sealing;

/// <summary>The leaves of a seal (FORMAT.md §6).</summary>
internal static class SealLeaves
{
    /// <summary>The seal itself.</summary>
    public static LedgerEvent Seal(
        FinishedTake finished, string contentHash, string tenant, DateTimeOffset at) => new(
        LedgerEventKind.Seal,
        $"seal/{finished.Take.Id}",
        at,
        CanonicalJson.Write(new JsonObject
        {
            ["call"] = finished.Admission.Call.ToString(),
            ["take"] = finished.Take.Id.ToString(),
            ["tenant"] = tenant,
            ["chunks"] = (long)finished.Closed.Chunks,
            ["chainHead"] = Convert.ToHexStringLower(finished.Closed.ChainHead.Span),
            ["contentHash"] = contentHash,
            ["startedAt"] = finished.StartedAt.ToUnixTimeMilliseconds(),
            ["endedAt"] = finished.EndedAt.ToUnixTimeMilliseconds(),
            ["endReason"] = TakeDescriptor.Word(finished.Reason),
        }));

    /// <summary>A declared gap.</summary>
    public static LedgerEvent Gap(FinishedTake finished, TakeGap gap, int number, string tenant) => new(
        LedgerEventKind.Gap,
        $"gap/{finished.Take.Id}/{number}",
        gap.To,
        CanonicalJson.Write(new JsonObject
        {
            ["tenant"] = tenant,
            ["call"] = finished.Admission.Call.ToString(),
            ["take"] = finished.Take.Id.ToString(),
            ["stream"] = gap.Stream,
            ["from"] = gap.From.ToUnixTimeMilliseconds(),
            ["to"] = gap.To.ToUnixTimeMilliseconds(),
            ["reason"] = gap.Reason,
            ["packets"] = gap.Packets,
        }));
}
