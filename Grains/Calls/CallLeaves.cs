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
    /// <summary>The decision on a call that leaves no take, with the call itself.</summary>
    public static LedgerEvent Decision(CallDocument call, Verdict verdict) => new(
        LedgerEventKind.Decision,
        $"decision/{call.Id}",
        verdict.At,
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
}
