using System.Numerics;
using System.Security.Cryptography;

namespace Talreg.Evidence.Ledger;

/// <summary>Gives the hashes of complete, aligned subtrees of a Merkle tree.</summary>
public interface IMerkleNodes
{
    /// <summary>The root of the subtree over leaves <c>index·2^level … (index+1)·2^level − 1</c>, all of which exist.</summary>
    byte[] Node(int level, long index);
}

/// <summary>The hashes, roots and proofs of RFC 6962 §2.1. Pure; safe from any thread.</summary>
public static class MerkleTree
{
    /// <summary>Bytes in a hash.</summary>
    public const int HashLength = 32;

    /// <summary>The longest proof, in hashes: a tree has fewer than 2^63 leaves, and consistency may add one.</summary>
    public const int MaxProofLength = 64;

    /// <summary>The root of the tree without leaves: SHA-256 of nothing.</summary>
    public static byte[] EmptyRoot() => SHA256.HashData([]);

    /// <summary><c>SHA-256(0x00 ‖ entry)</c>.</summary>
    public static byte[] HashLeaf(ReadOnlySpan<byte> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(entry);
        return hash.GetHashAndReset();
    }

    /// <summary><c>SHA-256(0x01 ‖ left ‖ right)</c>.</summary>
    /// <exception cref="ArgumentException">A side is not 32 bytes.</exception>
    public static byte[] HashNode(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != HashLength || right.Length != HashLength)
        {
            throw new ArgumentException("A node joins two hashes of 32 bytes.", nameof(left));
        }

        Span<byte> text = stackalloc byte[1 + (2 * HashLength)];
        text[0] = 1;
        left.CopyTo(text[1..]);
        right.CopyTo(text[(1 + HashLength)..]);
        return SHA256.HashData(text);
    }

    /// <summary>The root of the first <paramref name="size"/> leaves.</summary>
    public static byte[] Root(IMerkleNodes nodes, long size)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size == 0 ? EmptyRoot() : Range(nodes, 0, size);
    }

    /// <summary>The audit path of a leaf, nearest sibling first (RFC 6962 §2.1.1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tree of that size has no such leaf.</exception>
    public static IReadOnlyList<byte[]> InclusionProof(IMerkleNodes nodes, long leaf, long size)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfNegative(leaf);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(leaf, size);
        var path = new List<byte[]>();
        AddInclusion(nodes, leaf, 0, size, path);
        return path;
    }

    /// <summary>The proof that the tree of size <paramref name="first"/> is a prefix (RFC 6962 §2.1.2).</summary>
    /// <remarks>Empty when the sizes are equal or <paramref name="first"/> is 0.</remarks>
    public static IReadOnlyList<byte[]> ConsistencyProof(IMerkleNodes nodes, long first, long second)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, second);
        var path = new List<byte[]>();
        if (first > 0 && first < second)
        {
            AddConsistency(nodes, first, 0, second, known: true, path);
        }

        return path;
    }

    /// <summary>The largest power of two smaller than <paramref name="count"/>, which is at least 2.</summary>
    private static long Split(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    private static byte[] Range(IMerkleNodes nodes, long from, long count)
    {
        if (BitOperations.IsPow2(count))
        {
            var level = BitOperations.Log2((ulong)count);
            return nodes.Node(level, from >> level);
        }

        var left = Split(count);
        return HashNode(Range(nodes, from, left), Range(nodes, from + left, count - left));
    }

    private static void AddInclusion(IMerkleNodes nodes, long leaf, long from, long count, List<byte[]> path)
    {
        if (count == 1)
        {
            return;
        }

        var left = Split(count);
        if (leaf < left)
        {
            AddInclusion(nodes, leaf, from, left, path);
            path.Add(Range(nodes, from + left, count - left));
        }
        else
        {
            AddInclusion(nodes, leaf - left, from + left, count - left, path);
            path.Add(Range(nodes, from, left));
        }
    }

    /// <summary>SUBPROOF of RFC 6962: <paramref name="known"/> while the subtree is the whole first tree.</summary>
    private static void AddConsistency(
        IMerkleNodes nodes, long first, long from, long count, bool known, List<byte[]> path)
    {
        if (first == count)
        {
            if (!known)
            {
                path.Add(Range(nodes, from, count));
            }

            return;
        }

        var left = Split(count);
        if (first <= left)
        {
            AddConsistency(nodes, first, from, left, known, path);
            path.Add(Range(nodes, from + left, count - left));
        }
        else
        {
            AddConsistency(nodes, first - left, from + left, count - left, known: false, path);
            path.Add(Range(nodes, from, left));
        }
    }
}
