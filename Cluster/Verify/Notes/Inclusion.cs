using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>Inclusion in a Merkle log (RFC 9162 §2.1.3.2, hashing of RFC 6962 §2.1).</summary>
internal static class Inclusion
{
    public static bool Proves(
        ReadOnlySpan<byte> entry, long index, long size, IReadOnlyList<byte[]> path, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        var node = SHA256.HashData([0x00, .. entry]);
        var (at, last) = (index, size - 1);
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((at & 1) != 0 || at == last)
            {
                node = SHA256.HashData([0x01, .. sibling, .. node]);
                while ((at & 1) == 0 && at != 0)
                {
                    at >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                node = SHA256.HashData([0x01, .. node, .. sibling]);
            }

            at >>= 1;
            last >>= 1;
        }

        return last == 0 && node.AsSpan().SequenceEqual(root);
    }
}
