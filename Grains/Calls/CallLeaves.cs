using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;

namespace Talreg.Grains.Calls;

/// <summary>The leaves a call grain writes (FORMAT.md §6).</summary>
internal static class CallLeaves
{
    private const int MaxDetailLength = 256;

    /// <summary>The decision on a call that leaves no take, with the call itself.</summary>
    public static LedgerEvent Decision(CallDocument call, Verdict verdict, DateTimeOffset at) => new(
        LedgerEventKind.Decision,
        $"decision/{call.Id}",
        at,
        CanonicalJson.Write(new JsonObject
        {
            ["call"] = call.Id.ToString(),
            ["tenant"] = call.Tenant,
            ["verdict"] = JsonSerializer.SerializeToNode(verdict.Kind, TalregJson.Options),
            ["policy"] = verdict.Policy,
            ["version"] = verdict.Version,
            ["rule"] = verdict.Rule,
            ["document"] = JsonSerializer.SerializeToNode(call, TalregJson.Options),
        }));

    /// <summary>A call that was admitted and of which no take came: all of it is a gap.</summary>
    public static LedgerEvent NotCaptured(CallDocument call, CallFailed failed) => new(
        LedgerEventKind.Gap,
        $"not-captured/{call.Id}/{Hash(failed.SipCallId ?? "")}",
        failed.At,
        CanonicalJson.Write(new JsonObject
        {
            ["tenant"] = call.Tenant,
            ["call"] = call.Id.ToString(),
            ["take"] = null,
            ["stream"] = null,
            ["from"] = call.StartedAt.ToUnixTimeMilliseconds(),
            ["to"] = failed.At.ToUnixTimeMilliseconds(),
            ["reason"] = "notCaptured",
            ["packets"] = null,
            ["gateway"] = failed.Gateway,
            ["sipCallId"] = failed.SipCallId,
            ["detail"] = failed.Detail.Length <= MaxDetailLength ? failed.Detail : failed.Detail[..MaxDetailLength],
        }));

    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
