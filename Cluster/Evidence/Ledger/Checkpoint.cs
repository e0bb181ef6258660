using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Talreg.Evidence.Ledger;

/// <summary>What a checkpoint says (C2SP tlog-checkpoint): <c>origin ⏎ size ⏎ base64(root) ⏎</c>.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Size">Leaves in the tree.</param>
/// <param name="Root">The tree's root, 32 bytes.</param>
public sealed record Checkpoint(string Origin, long Size, ReadOnlyMemory<byte> Root)
{
    /// <summary>The text that is signed, with its closing line end.</summary>
    public string ToText() =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root.Span)}\n");

    /// <summary>Reads a note's text. Extension lines are refused: this version writes none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Checkpoint? checkpoint, out string reason)
    {
        ArgumentNullException.ThrowIfNull(text);
        checkpoint = null;
        reason = "a checkpoint is origin, size and root on three lines";
        var lines = text.Split('\n');
        if (lines.Length != 4 || lines[3].Length != 0 || lines[0].Length == 0)
        {
            return false;
        }

        reason = "the size is not a plain decimal number";
        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || (lines[1].Length > 1 && lines[1][0] == '0'))
        {
            return false;
        }

        reason = "the root is not base64 of 32 bytes";
        if (!StrictBase64.TryDecode(lines[2], MerkleTree.HashLength, out var root))
        {
            return false;
        }

        checkpoint = new Checkpoint(lines[0], size, root);
        reason = string.Empty;
        return true;
    }

    /// <summary>Reads a signed checkpoint and checks its signature and that its origin is the key's name.</summary>
    public static bool TryVerify(
        string note, VerifierKey key, [NotNullWhen(true)] out Checkpoint? checkpoint, out string reason)
    {
        ArgumentNullException.ThrowIfNull(key);
        checkpoint = null;
        if (!SignedNote.TryParse(note, out var signed, out reason) || !TryParse(signed.Text, out var read, out reason))
        {
            return false;
        }

        if (read.Origin != key.Name || !signed.IsSignedBy(key))
        {
            reason = "not signed by this log's key";
            return false;
        }

        checkpoint = read;
        return true;
    }
}
