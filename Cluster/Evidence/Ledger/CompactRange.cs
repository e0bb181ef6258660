using System.Numerics;

namespace Talreg.Evidence.Ledger;

/// <summary>
/// The right edge of a tree: the roots of its maximal complete subtrees, largest first, which is all that appending needs.
/// Not safe from several threads.
/// </summary>
public sealed class CompactRange
{
    private readonly List<byte[]> _edge;

    /// <summary>The range of a tree without leaves.</summary>
    public CompactRange() => _edge = [];

    private CompactRange(long size, List<byte[]> edge)
    {
        Size = size;
        _edge = edge;
    }

    /// <summary>Leaves in the tree.</summary>
    public long Size { get; private set; }

    /// <summary>The range of the first <paramref name="size"/> leaves of a tree that exists.</summary>
    public static CompactRange Load(IMerkleNodes nodes, long size)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var edge = new List<byte[]>();
        var from = 0L;
        while (from < size)
        {
            var level = BitOperations.Log2((ulong)(size - from));
            edge.Add(nodes.Node(level, from >> level));
            from += 1L << level;
        }

        return new CompactRange(size, edge);
    }

    /// <summary>A copy that grows on its own.</summary>
    public CompactRange Copy() => new(Size, [.. _edge]);

    /// <summary>Adds a leaf by its hash, which the range keeps.</summary>
    public void Append(byte[] leafHash)
    {
        ArgumentNullException.ThrowIfNull(leafHash);
        var hash = leafHash;
        for (var merged = Size; (merged & 1) == 1; merged >>= 1)
        {
            hash = MerkleTree.HashNode(_edge[^1], hash);
            _edge.RemoveAt(_edge.Count - 1);
        }

        _edge.Add(hash);
        Size++;
    }

    /// <summary>The root of the tree.</summary>
    public byte[] Root()
    {
        if (Size == 0)
        {
            return MerkleTree.EmptyRoot();
        }

        var hash = _edge[^1];
        for (var i = _edge.Count - 2; i >= 0; i--)
        {
            hash = MerkleTree.HashNode(_edge[i], hash);
        }

        return hash;
    }
}
