using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Talreg.Evidence.Keys;

namespace Talreg.Evidence.Tests.Keys;

/// <summary>Every derivation against FORMAT.md §1, computed here from the page alone.</summary>
public sealed class KeyTreeTests
{
    private static readonly byte[] Parent = [.. Enumerable.Range(0x40, 32).Select(static i => (byte)i)];

    private delegate void Derivation(Span<byte> key);

    [Theory]
    [InlineData("a")]
    [InlineData("bank-1")]
    [InlineData("abcdefghijklmnopqrstuvwxyz-01234")]
    public void TenantKey_takesTheNameUnpadded(string tenant) =>
        Equal("talreg/1/tenant/" + tenant, [], key => KeyTree.TenantKey(Parent, tenant, key));

    [Fact]
    public void NodeKey_isExpandedFromTheRoot() =>
        Equal("talreg/1/node", [], static key => KeyTree.NodeKey(Parent, key));

    [Theory]
    [InlineData(0)]
    [InlineData(258)]
    [InlineData(65535)]
    public void StreamKey_takesSixteenBitsBigEndian(int stream)
    {
        var number = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(number, (ushort)stream);
        Equal("talreg/1/stream", number, key => KeyTree.StreamKey(Parent, (ushort)stream, key));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x01020304u)]
    [InlineData(uint.MaxValue)]
    public void SlotKey_takesThirtyTwoBitsBigEndian(uint slot)
    {
        var number = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, slot);
        Equal("talreg/1/slot", number, key => KeyTree.SlotKey(Parent, slot, key));
    }

    [Fact]
    public void WriterKey_isBoundToTheIncarnation()
    {
        var incarnation = Enumerable.Range(1, 16).Select(static i => (byte)i).ToArray();
        Equal("talreg/1/writer", incarnation, key => KeyTree.WriterKey(Parent, incarnation, key));
    }

    [Fact]
    public void Commitment_isExpandedFromTheSlotKey() =>
        Equal("talreg/1/commit", [], static key => KeyTree.Commitment(Parent, key));

    [Fact]
    public void MetadataKey_isExpandedFromTheTakeKey() =>
        Equal("talreg/1/metadata", [], static key => KeyTree.MetadataKey(Parent, key));

    [Fact]
    public void SlotKey_writtenOverItsParent_isTheSame()
    {
        var key = (byte[])Parent.Clone();
        KeyTree.SlotKey(key, 5, key);
        Equal("talreg/1/slot", [0, 0, 0, 5], destination => key.CopyTo(destination));
    }

    [Fact]
    public void Derivation_withAKeyOfAWrongLength_isRefused() => Assert.Throws<ArgumentOutOfRangeException>(
        static () => KeyTree.NodeKey(new byte[31], new byte[32]));

    // HKDF-Expand with one block: HMAC-SHA-256(key, info ‖ 0x01). The BCL's own HKDF must agree.
    private static void Equal(string label, byte[] context, Derivation derive)
    {
        byte[] info = [.. Encoding.ASCII.GetBytes(label), .. context];
        var key = new byte[32];
        derive(key);
        Assert.Equal(HMACSHA256.HashData(Parent, (byte[])[.. info, 0x01]), key);
        Assert.Equal(HKDF.Expand(HashAlgorithmName.SHA256, Parent, 32, info), key);
    }
}
