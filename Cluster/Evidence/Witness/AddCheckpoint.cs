using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Witness;

/// <summary>
/// What a log asks of a witness (C2SP tlog-witness, <c>add-checkpoint</c>): <c>old {size} ⏎ {base64 hash ⏎}… ⏎ {checkpoint}</c>.
/// </summary>
/// <param name="OldSize">The size the witness is believed to have seen last; 0 for none.</param>
/// <param name="Proof">The consistency proof from there; empty when the old size is 0 or the checkpoint's.</param>
/// <param name="Note">The checkpoint with its signatures.</param>
public sealed record AddCheckpoint(long OldSize, IReadOnlyList<byte[]> Proof, string Note)
{
    /// <summary>The most proof lines.</summary>
    public const int MaxProof = 63;

    /// <summary>The longest request, in characters.</summary>
    public const int MaxLength = PublishedLog.MaxNoteBytes + (64 * 48);

    /// <summary>The content type of the answer that names the size the witness has.</summary>
    public const string SizeContentType = "text/x.tlog.size";

    /// <summary>Writes the request.</summary>
    public string ToText()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"old {OldSize}\n"));
        foreach (var hash in Proof)
        {
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        }

        return text.Append('\n').Append(Note).ToString();
    }

    /// <summary>Reads a request; checks neither signature nor proof.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AddCheckpoint? request, out string reason)
    {
        ArgumentNullException.ThrowIfNull(text);
        request = null;
        reason = "not an old size, proof lines, an empty line and a checkpoint";
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (text.Length > MaxLength || end < 0)
        {
            return false;
        }

        var lines = text[..end].Split('\n');
        if (!TryParseOld(lines[0], out var old))
        {
            reason = "the first line is not 'old' and a plain decimal number";
            return false;
        }

        if (lines.Length - 1 > MaxProof)
        {
            reason = $"more than {MaxProof} proof lines";
            return false;
        }

        var proof = new List<byte[]>(lines.Length - 1);
        foreach (var line in lines.AsSpan(1))
        {
            if (!StrictBase64.TryDecode(line, MerkleTree.HashLength, out var hash))
            {
                reason = "a proof line is not base64 of 32 bytes";
                return false;
            }

            proof.Add(hash);
        }

        request = new AddCheckpoint(old, proof, text[(end + 2)..]);
        reason = string.Empty;
        return true;
    }

    private static bool TryParseOld(string line, out long old)
    {
        const string Prefix = "old ";
        old = 0;
        return line.StartsWith(Prefix, StringComparison.Ordinal)
            && long.TryParse(line.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out old)
            && (line.Length == Prefix.Length + 1 || line[Prefix.Length] != '0');
    }
}
