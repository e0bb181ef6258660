using System.Text.Json.Nodes;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;

namespace Talreg.Gateway.Scrub;

/// <summary>What a seal leaf says of a recording (FORMAT.md §6).</summary>
internal sealed record SealedTake(
    string Tenant,
    Guid Call,
    Guid Take,
    long Chunks,
    string ChainHead,
    string ContentHash,
    long StartedAtMs,
    long EndedAtMs)
{
    /// <summary>Reads the body of a seal leaf that this project wrote.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static SealedTake Read(ReadOnlySpan<byte> body)
    {
        if (!CanonicalJson.TryParseCanonical(body, out var node, out var reason) || node is not JsonObject members)
        {
            throw new FormatException($"A seal leaf's body: {reason}");
        }

        return new SealedTake(
            Member<string>(members, "tenant"),
            Guid.ParseExact(Member<string>(members, "call"), "D"),
            Guid.ParseExact(Member<string>(members, "take"), "D"),
            Member<long>(members, "chunks"),
            Member<string>(members, "chainHead"),
            Member<string>(members, "contentHash"),
            Member<long>(members, "startedAt"),
            Member<long>(members, "endedAt"));
    }

    /// <summary>The leaf that tells that the recording is damaged or missing: a gap over all of it.</summary>
    /// <param name="at">When that was found.</param>
    /// <param name="pass">When the pass began: the same finding again is the same leaf.</param>
    public LedgerEvent Damage(DateTimeOffset at, DateTimeOffset pass) => new(
        LedgerEventKind.Gap,
        FormattableString.Invariant($"damage/{Take}/{pass.ToUnixTimeMilliseconds()}"),
        at,
        CanonicalJson.Write(new JsonObject
        {
            ["tenant"] = Tenant,
            ["call"] = Call.ToString("D"),
            ["take"] = Take.ToString("D"),
            ["stream"] = null,
            ["from"] = StartedAtMs,
            ["to"] = EndedAtMs,
            ["reason"] = "damage",
            ["packets"] = null,
        }));

    private static T Member<T>(JsonObject members, string name) =>
        members[name] is JsonValue value && value.TryGetValue<T>(out var found)
            ? found
            : throw new FormatException($"A seal leaf's body lacks '{name}'.");
}
