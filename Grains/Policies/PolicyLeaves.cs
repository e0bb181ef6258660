using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;
using Talreg.Evidence.Json;

namespace Talreg.Grains.Policies;

/// <summary>The leaves of a policy's changes (FORMAT.md §6).</summary>
internal static class PolicyLeaves
{
    /// <summary>A version was written.</summary>
    public static LedgerEvent Drafted(string tenant, PolicyVersion version, string actor, DateTimeOffset at) =>
        Change(tenant, version, "drafted", actor, at, []);

    /// <summary>A version was tried on calls that were.</summary>
    public static LedgerEvent Simulated(string tenant, PolicyVersion version, PolicySimulationResult result) =>
        Change(tenant, version, "simulated", result.By, result.At, new JsonObject
        {
            ["from"] = result.From.ToUnixTimeMilliseconds(),
            ["to"] = result.To.ToUnixTimeMilliseconds(),
            ["calls"] = result.Calls,
            ["changed"] = result.Changed,
        });

    /// <summary>A second person approved a version.</summary>
    public static LedgerEvent Approved(string tenant, PolicyVersion version, string actor, DateTimeOffset at) =>
        Change(tenant, version, "approved", actor, at, new JsonObject { ["draftedBy"] = version.DraftedBy });

    /// <summary>A version is in force from a moment on.</summary>
    public static LedgerEvent Activated(string tenant, PolicyVersion version, PolicyActivation activation) =>
        Change(tenant, version, "activated", activation.By, activation.OrderedAt, new JsonObject
        {
            ["draftedBy"] = version.DraftedBy,
            ["approvedBy"] = activation.ApprovedBy,
            ["inForceFrom"] = activation.At.ToUnixTimeMilliseconds(),
        });

    /// <summary>What was to come into force later does not.</summary>
    public static LedgerEvent Withdrawn(string tenant, PolicyVersion version, string actor, DateTimeOffset at) =>
        Change(tenant, version, "withdrawn", actor, at, []);

    private static LedgerEvent Change(
        string tenant, PolicyVersion version, string change, string actor, DateTimeOffset at, JsonObject body)
    {
        var content = SHA256.HashData(
            CanonicalJson.Write(JsonSerializer.SerializeToNode(version.Document, TalregJson.Options)));
        body["tenant"] = tenant;
        body["policy"] = version.Policy;
        body["version"] = version.Version;
        body["change"] = change;
        body["actor"] = actor;
        body["contentHash"] = Convert.ToHexStringLower(content);
        var key = $"policy/{version.Policy}/{version.Version}/{change}/{at.ToUnixTimeMilliseconds()}";
        return new LedgerEvent(LedgerEventKind.Policy, key, at, CanonicalJson.Write(body));
    }
}
