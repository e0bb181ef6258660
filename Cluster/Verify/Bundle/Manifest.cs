using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>The manifest's text: <c>talreg bundle 1 ⏎ call id ⏎</c>, then <c>sha256 SP size SP name ⏎</c> per member.</summary>
internal sealed record Manifest(string Call, IReadOnlyList<(string Hash, long Size, string Name)> Lines)
{
    public const string MemberName = "MANIFEST";

    public static bool TryParse(
        string text, [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out string? reason)
    {
        manifest = null;
        var lines = text.Split('\n');
        if (lines.Length < 3 || lines.Length > Limits.MaxMembers + 3 || lines[0] != "talreg bundle 1"
            || !Hex.TryParseUuid(lines[1], out _) || lines[^1].Length != 0)
        {
            reason = "does not start with 'talreg bundle 1' and a call id";
            return false;
        }

        var listed = new List<(string, long, string)>();
        foreach (var line in lines[2..^1])
        {
            var parts = line.Split(' ');
            if (parts.Length != 3
                || !Hex.TryParse(parts[0], 32, out _)
                || !Checkpoint.TryParseSize(parts[1], out var size))
            {
                reason = $"line {listed.Count + 3} is not 'hash size name'";
                return false;
            }

            listed.Add((parts[0], size, parts[2]));
        }

        reason = null;
        manifest = new Manifest(lines[1], listed);
        return true;
    }

    public void Check(Findings findings, List<BundleMember> members)
    {
        var before = findings.FailuresOf(CheckNames.Manifest);
        var listed = new Dictionary<string, (string Hash, long Size)>(StringComparer.Ordinal);
        string? previous = null;
        foreach (var (hash, size, name) in Lines)
        {
            if (previous is not null && string.CompareOrdinal(previous, name) >= 0)
            {
                findings.Fail(CheckNames.Manifest, name, "listed out of order, or twice");
            }

            listed[name] = (hash, size);
            previous = name;
        }

        foreach (var member in members.Where(m => m.Name != MemberName))
        {
            if (!listed.Remove(member.Name, out var line))
            {
                findings.Fail(CheckNames.Manifest, member.Name, "in the bundle, but not listed");
            }
            else if (line.Size != member.Data.Length)
            {
                findings.Fail(CheckNames.Manifest, member.Name, $"{member.Data.Length} bytes, listed with {line.Size}");
            }
            else if (Hash(member.Data) != line.Hash)
            {
                findings.Fail(CheckNames.Manifest, member.Name, "its SHA-256 is not the listed one");
            }
        }

        foreach (var name in listed.Keys)
        {
            findings.Fail(CheckNames.Manifest, name, "listed, but not in the bundle");
        }

        if (findings.FailuresOf(CheckNames.Manifest) == before)
        {
            findings.Pass(CheckNames.Manifest, MemberName, $"lists the {Lines.Count} other members, sizes and hashes");
        }
    }

    private static string Hash(ByteSource data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var window in data.Windows())
        {
            hash.AppendData(window.Span);
        }

        return Hex.Of(hash.GetHashAndReset());
    }
}
