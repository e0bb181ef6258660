using System.Globalization;
using System.Text;

namespace Talreg.Evidence.Bundles;

/// <summary>The member <c>ledger/{take}.json</c> (FORMAT.md §8): a leaf, its opening and its proof, canonical JSON.</summary>
public static class LedgerProofDocument
{
    /// <summary>Writes the document.</summary>
    /// <param name="entry">The 58 bytes.</param>
    /// <param name="index">The leaf.</param>
    /// <param name="salt">The opening's salt.</param>
    /// <param name="body">The opening's body: canonical JSON, taken over as it is.</param>
    /// <param name="proof">The audit path, nearest sibling first.</param>
    /// <param name="treeSize">The size that the proof leads to.</param>
    public static byte[] ToJson(
        ReadOnlySpan<byte> entry,
        long index,
        ReadOnlySpan<byte> salt,
        ReadOnlySpan<byte> body,
        IEnumerable<byte[]> proof,
        long treeSize)
    {
        ArgumentNullException.ThrowIfNull(proof);
        var path = string.Join(',', proof.Select(hash => $"\"{Convert.ToHexStringLower(hash)}\""));
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"entry\":\"{Convert.ToHexStringLower(entry)}\",\"index\":{index},\"opening\":{{\"body\":");
        var tail = string.Create(
            CultureInfo.InvariantCulture,
            $",\"salt\":\"{Convert.ToHexStringLower(salt)}\"}},\"proof\":[{path}],\"treeSize\":{treeSize}}}");
        return [.. Encoding.ASCII.GetBytes(head), .. body, .. Encoding.ASCII.GetBytes(tail)];
    }
}
