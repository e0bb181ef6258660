using System.Globalization;
using System.Text;

namespace Talreg.Evidence.Bundles;

/// <summary>A line of the manifest.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Sha256">Their SHA-256.</param>
public sealed record ManifestEntry(string Name, long Length, ReadOnlyMemory<byte> Sha256);

/// <summary>The text that the log signs for a bundle (FORMAT.md §8).</summary>
public static class Manifest
{
    /// <summary>The manifest's member.</summary>
    public const string MemberName = "MANIFEST";

    /// <summary>The first line, which keeps a manifest from ever passing for a checkpoint.</summary>
    public const string FirstLine = "talreg bundle 1\n";

    /// <summary><c>talreg bundle 1 ⏎ call id ⏎</c>, then per member, sorted, <c>sha256-hex SP size SP name ⏎</c>.</summary>
    /// <param name="callId">The call's id as the API writes it.</param>
    /// <param name="entries">Every member but the manifest, in any order.</param>
    public static string ToText(string callId, IEnumerable<ManifestEntry> entries)
    {
        ArgumentException.ThrowIfNullOrEmpty(callId);
        ArgumentNullException.ThrowIfNull(entries);
        var text = new StringBuilder(FirstLine).Append(callId).Append('\n');
        foreach (var entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            text.Append(Convert.ToHexStringLower(entry.Sha256.Span))
                .Append(CultureInfo.InvariantCulture, $" {entry.Length} {entry.Name}\n");
        }

        return text.ToString();
    }
}
