using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Tests.Ledger;

public sealed class MerkleTreeTests
{
    private const int MaxSize = 130;

    /// <summary>The leaves and roots of the Certificate Transparency reference tests.</summary>
    private static readonly string[] Leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void EmptyRoot_is_the_published_one() => Assert.Equal(
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        Convert.ToHexStringLower(MerkleTree.EmptyRoot()));

    [Fact]
    public void Root_of_each_published_prefix_is_the_published_one()
    {
        var range = new CompactRange();
        for (var i = 0; i < Leaves.Length; i++)
        {
            range.Append(MerkleTree.HashLeaf(Convert.FromHexString(Leaves[i])));
            Assert.Equal(Roots[i], Convert.ToHexStringLower(range.Root()));
        }
    }

    [Fact]
    public void Inclusion_published_path_of_leaf_0_of_8_is_given()
    {
        var tree = new NaiveTree([.. Leaves.Select(Convert.FromHexString)]);
        string[] expected =
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ];
        Assert.Equal(expected, MerkleTree.InclusionProof(tree, 0, 8).Select(Convert.ToHexStringLower));
    }

    [Fact]
    public void Inclusion_of_every_leaf_of_every_size_equals_the_reference_and_verifies()
    {
        for (var size = 1; size <= MaxSize; size++)
        {
            var entries = Entries(size);
            var tree = new MemoryNodes(entries);
            var root = NaiveTree.Mth(entries);
            Assert.Equal(root, MerkleTree.Root(tree, size));
            for (var leaf = 0; leaf < size; leaf++)
            {
                var path = MerkleTree.InclusionProof(tree, leaf, size);
                Assert.Equal(NaiveTree.Path(leaf, entries), path);
                var hash = MerkleTree.HashLeaf(entries[leaf]);
                Assert.True(MerkleProof.VerifyInclusion(hash, leaf, size, path, root));
                Assert.False(MerkleProof.VerifyInclusion(hash, leaf + 1, size, path, root));
                Assert.False(MerkleProof.VerifyInclusion(hash, leaf, size, [.. path, root], root));
            }
        }
    }

    [Fact]
    public void Consistency_of_every_pair_of_sizes_equals_the_reference_and_verifies()
    {
        var roots = Enumerable.Range(0, MaxSize + 1).Select(size => NaiveTree.Mth(Entries(size))).ToList();
        for (var second = 1; second <= MaxSize; second++)
        {
            var entries = Entries(second);
            var tree = new MemoryNodes(entries);
            for (var first = 1; first <= second; first++)
            {
                var path = MerkleTree.ConsistencyProof(tree, first, second);
                Assert.Equal(NaiveTree.Proof(first, entries), path);
                Assert.True(MerkleProof.VerifyConsistency(first, second, roots[first], roots[second], path));
                Assert.False(MerkleProof.VerifyConsistency(first, second, roots[first - 1], roots[second], path));
            }
        }
    }

    [Fact]
    public void Verify_hostile_proof_is_false_and_does_not_throw()
    {
        var root = NaiveTree.Mth(Entries(5));
        Assert.False(MerkleProof.VerifyInclusion(root, 0, 5, [new byte[31], root, root], root));
        Assert.False(MerkleProof.VerifyInclusion(root, -1, 5, [], root));
        Assert.False(MerkleProof.VerifyInclusion(root, 0, 5, Enumerable.Repeat(root, 65).ToList(), root));
        Assert.False(MerkleProof.VerifyConsistency(3, 5, root, root, []));
        Assert.False(MerkleProof.VerifyConsistency(4, 5, [1, 2], root, [root]));
        Assert.False(MerkleProof.VerifyConsistency(6, 5, root, root, []));
    }

    private static List<byte[]> Entries(int size) =>
        [.. Enumerable.Range(0, size).Select(i => new[] { (byte)i, (byte)7 })];

    /// <summary>The reference's node hashes, kept, so that all pairs are quick.</summary>
    private sealed class MemoryNodes(IReadOnlyList<byte[]> entries) : IMerkleNodes
    {
        private readonly NaiveTree _tree = new(entries);
        private readonly Dictionary<(int Level, long Index), byte[]> _kept = [];

        public byte[] Node(int level, long index)
        {
            if (!_kept.TryGetValue((level, index), out var hash))
            {
                _kept.Add((level, index), hash = _tree.Node(level, index));
            }

            return hash;
        }
    }
}
