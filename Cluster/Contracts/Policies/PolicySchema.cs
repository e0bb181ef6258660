using System.Text.Json;
using Talreg.Contracts.Json;

namespace Talreg.Contracts.Policies;

/// <summary>
/// The language of policies: a JSON Schema, and the strict reader it drives. A rule misread is a call not recorded.
/// </summary>
public static class PolicySchema
{
    /// <summary>The language's name, the schema's <c>$id</c>.</summary>
    public const string Id = "urn:talreg:policy:1";

    /// <summary>The most faults that a refusal lists.</summary>
    public const int MaxFaults = 20;

    private static readonly byte[] Bytes = Load();
    private static readonly SchemaChecker Checker = new(Bytes);

    /// <summary>The schema as it is committed, UTF-8.</summary>
    public static ReadOnlyMemory<byte> Text => Bytes;

    /// <summary>Reads a text whose form is the schema's. What it means is <c>PolicyValidator</c>'s to check.</summary>
    /// <param name="json">The text.</param>
    /// <param name="document">The document; null when there are faults.</param>
    /// <returns>
    /// The faults, each naming its place, what it held and what it may hold; at most <see cref="MaxFaults"/>.
    /// </returns>
    public static IReadOnlyList<string> Read(JsonElement json, out PolicyDocument? document)
    {
        var faults = Checker.Check(json, MaxFaults);
        document = faults.Count == 0 ? json.Deserialize<PolicyDocument>(TalregJson.Options) : null;
        return faults;
    }

    private static byte[] Load()
    {
        const string name = "Talreg.Contracts.policy.schema.json";
        using var stream = typeof(PolicySchema).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException("The schema of policies is not in this assembly.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
