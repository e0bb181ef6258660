namespace Talreg.Verify;

/// <summary>What all checks of one bundle share.</summary>
internal sealed class BundleContext(Findings findings, IReadOnlyDictionary<string, BundleMember> members)
{
    public Findings Findings { get; } = findings;

    public IReadOnlyDictionary<string, BundleMember> Members { get; } = members;

    /// <summary>The key signatures are checked against: the trusted one, else the bundle's own; null when neither reads.</summary>
    public TrustAnchor? Key { get; set; }

    public Manifest? Manifest { get; set; }

    public Checkpoint? Checkpoint { get; set; }

    public List<TakeSummary> Takes { get; } = [];

    /// <summary>Descriptors that could be read, by the take's text.</summary>
    public Dictionary<string, Descriptor> Descriptors { get; } = new(StringComparer.Ordinal);

    /// <summary>The bytes of a member held in memory; null, with the failure recorded, when it is missing or too large.</summary>
    public ReadOnlyMemory<byte>? Read(string check, string member, int maxBytes)
    {
        if (!Members.TryGetValue(member, out var found))
        {
            Findings.Fail(check, member, "is not in the bundle");
            return null;
        }

        if (found.Data.Length > maxBytes)
        {
            Findings.Fail(CheckNames.Limits, member, $"{found.Data.Length} bytes: over {maxBytes}");
            return null;
        }

        return found.Data.Read(0, (int)found.Data.Length);
    }
}
