using System.Diagnostics;
using System.Globalization;
using System.Text;
using Talreg.Evidence.Bundles;
using Talreg.Evidence.Ledger;

namespace Talreg.Benchmarks.Ledger;

/// <summary>
/// A tree of any size of which only the tiles exist that some proofs need: leaf hashes are random, and what stands above them is
/// computed, so that every proof leads to one root. The files, their paths and the code that reads them are the product's.
/// </summary>
internal sealed class SparseTree
{
    private const int Levels = 8;
    private const int Seed = 20_261_124;

    private readonly string _folder;
    private readonly long _size;
    private readonly Random _random = new(Seed);

    private SparseTree(string folder, long size) => (_folder, _size) = (folder, size);

    /// <summary>Makes the tiles, then proves leaves one by one, each with nothing kept from the one before.</summary>
    internal static void Measure(string folder, long size, int proofs)
    {
        var tree = new SparseTree(folder, size);
        var leaves = Enumerable.Range(0, proofs).Select(_ => tree._random.NextInt64(size)).ToList();
        tree.Make(leaves);
        var reader = new LogReader(folder);
        var root = MerkleTree.Root(new TileNodes(reader, size), size);
        var times = new List<double>(proofs);
        var (longest, hashes) = (0, 0);
        foreach (var leaf in leaves)
        {
            var began = Stopwatch.GetTimestamp();
            var path = MerkleTree.InclusionProof(new TileNodes(reader, size), leaf, size);
            var document = LedgerProofDocument.ToJson(new byte[58], leaf, new byte[32], "{}"u8, path, size);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            longest = Math.Max(longest, document.Length);
            hashes = Math.Max(hashes, path.Count);
            if (!MerkleProof.VerifyInclusion(LeafHash(reader, leaf), leaf, size, path, root))
            {
                throw new BenchmarkException($"The proof of leaf {leaf} does not hold.");
            }
        }

        times.Sort();
        Console.WriteLine(new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"proof of one leaf of {size} (tiles made for {proofs} leaves, seed {Seed}, in the page cache): median "
            + $"{times[proofs / 2]:0.000} ms, p99 {times[proofs * 99 / 100]:0.000} ms, most {times[^1]:0.000} ms; "
            + $"{hashes} hashes, {longest} bytes of JSON without the leaf's body"));
    }

    private static byte[] LeafHash(LogReader reader, long leaf)
    {
        var within = (int)(leaf % TilePath.Width);
        return reader.ReadHashes(0, leaf / TilePath.Width, within + 1)[(within * MerkleTree.HashLength)..];
    }

    /// <summary>Bottom up: a full tile's root stands in the tile above it, whatever else stands there.</summary>
    private void Make(List<long> leaves)
    {
        var roots = new Dictionary<long, byte[]>();
        for (var level = 0; level < Levels && _size >> (8 * level) > 0; level++)
        {
            var count = _size >> (8 * level);
            var shift = 8 * (level + 1);
            var tiles = leaves.Select(leaf => leaf >> shift)
                .Concat(_size % (1L << shift) >> (8 * level) > 0 ? [_size >> shift] : [])
                .ToHashSet();
            var made = new Dictionary<long, byte[]>();
            foreach (var tile in tiles.Where(tile => tile * TilePath.Width < count))
            {
                var width = (int)Math.Min(TilePath.Width, count - (tile * TilePath.Width));
                var hashes = new byte[width * MerkleTree.HashLength];
                _random.NextBytes(hashes);
                for (var i = 0; i < width; i++)
                {
                    if (roots.TryGetValue((tile * TilePath.Width) + i, out var root))
                    {
                        root.CopyTo(hashes, i * MerkleTree.HashLength);
                    }
                }

                Write(level, tile, hashes);
                if (width == TilePath.Width)
                {
                    made.Add(tile, TileNodes.SubtreeRoot(hashes));
                }
            }

            roots = made;
        }
    }

    private void Write(int level, long tile, byte[] hashes)
    {
        var path = Path.Combine(_folder, TilePath.Hashes(level, tile));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, hashes);
    }
}
