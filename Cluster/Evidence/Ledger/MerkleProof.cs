using System.Numerics;

namespace Talreg.Evidence.Ledger;

/// <summary>Checks proofs as RFC 9162 §2.1.3.2 and §2.1.4.2 spell it out. Never throws on a foreign proof.</summary>
public static class MerkleProof
{
    /// <summary>True when the leaf hash stands at that index in the tree of that size and root.</summary>
    public static bool VerifyInclusion(
        ReadOnlySpan<byte> leafHash, long leaf, long size, IReadOnlyList<byte[]> path, ReadOnlySpan<byte> root)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (leaf < 0 || leaf >= size || !AreHashes(path) || leafHash.Length != MerkleTree.HashLength)
        {
            return false;
        }

        var (node, last) = (leaf, size - 1);
        var hash = leafHash.ToArray();
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleTree.HashNode(sibling, hash);
                SkipMissingSiblings(ref node, ref last);
            }
            else
            {
                hash = MerkleTree.HashNode(hash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && root.SequenceEqual(hash);
    }

    /// <summary>True when the first tree is a prefix of the second.</summary>
    public static bool VerifyConsistency(
        long first,
        long second,
        ReadOnlySpan<byte> firstRoot,
        ReadOnlySpan<byte> secondRoot,
        IReadOnlyList<byte[]> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (first < 0 || first > second || !AreHashes(path))
        {
            return false;
        }

        if (first == second)
        {
            return path.Count == 0 && firstRoot.SequenceEqual(secondRoot);
        }

        if (first == 0)
        {
            return path.Count == 0 && firstRoot.SequenceEqual(MerkleTree.EmptyRoot());
        }

        // A first tree of 2^n leaves is itself a node of the second: its root is the proof's unsent first hash.
        var whole = BitOperations.IsPow2(first);
        if (!whole && path.Count == 0)
        {
            return false;
        }

        var seed = whole ? firstRoot.ToArray() : path[0];
        return seed.Length == MerkleTree.HashLength
            && WalkConsistency(first, second, firstRoot, secondRoot, seed, path.Skip(whole ? 0 : 1));
    }

    private static bool WalkConsistency(
        long first,
        long second,
        ReadOnlySpan<byte> firstRoot,
        ReadOnlySpan<byte> secondRoot,
        byte[] seed,
        IEnumerable<byte[]> path)
    {
        var (node, last) = (first - 1, second - 1);
        var odd = BitOperations.TrailingZeroCount(~node);
        node >>= odd;
        last >>= odd;
        var (firstHash, secondHash) = (seed, seed);
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                firstHash = MerkleTree.HashNode(sibling, firstHash);
                secondHash = MerkleTree.HashNode(sibling, secondHash);
                SkipMissingSiblings(ref node, ref last);
            }
            else
            {
                secondHash = MerkleTree.HashNode(secondHash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && firstRoot.SequenceEqual(firstHash) && secondRoot.SequenceEqual(secondHash);
    }

    /// <summary>The last node of a level may have no sibling; it is then carried up unchanged.</summary>
    private static void SkipMissingSiblings(ref long node, ref long last)
    {
        while ((node & 1) == 0 && node != 0)
        {
            node >>= 1;
            last >>= 1;
        }
    }

    private static bool AreHashes(IReadOnlyList<byte[]> path) =>
        path.Count <= MerkleTree.MaxProofLength && path.All(hash => hash is { Length: MerkleTree.HashLength });
}
