using System.Buffers.Binary;
using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Store.IO;

namespace Talreg.Store.Keys;

/// <summary>One slot of a key file (FORMAT.md §7).</summary>
internal static class KeySlot
{
    internal const int Size = 128;

    private const byte Live = 1;
    private const byte Destroyed = 2;
    private const int IdOffset = 8;
    private const int TenantOffset = 24;
    private const int NonceOffset = 56;
    private const int NonceSize = 12;
    private const int WrappedOffset = 68;
    private const int TagOffset = 100;
    private const int TagSize = 16;
    private const int PaddingOffset = 116;
    private const int CrcOffset = 124;
    private const int AdditionalSize = 1 + 16 + 32;

    internal static void Write(
        Span<byte> slot, KeyKind kind, Guid id, string tenant, ReadOnlySpan<byte> wrapping, ReadOnlySpan<byte> key)
    {
        slot.Clear();
        slot[0] = Live;
        slot[1] = (byte)kind;
        id.TryWriteBytes(slot[IdOffset..], bigEndian: true, out _);
        ChunkLayout.WriteName(tenant, slot.Slice(TenantOffset, ChunkLayout.TenantSize));
        RandomNumberGenerator.Fill(slot.Slice(NonceOffset, NonceSize));
        Span<byte> additional = stackalloc byte[AdditionalSize];
        Additional(slot, additional);
        using var aes = new AesGcm(wrapping, TagSize);
        aes.Encrypt(
            slot.Slice(NonceOffset, NonceSize),
            key,
            slot.Slice(WrappedOffset, 32),
            slot.Slice(TagOffset, TagSize),
            additional);
        WriteCrc(slot);
    }

    internal static bool TryRead(ReadOnlySpan<byte> slot, out KeyKind kind, out Guid id)
    {
        kind = (KeyKind)slot[1];
        id = new Guid(slot.Slice(IdOffset, 16), bigEndian: true);
        return BinaryPrimitives.ReadUInt32BigEndian(slot[CrcOffset..]) == Crc32C.Of(slot[..CrcOffset])
            && slot[0] is Live or Destroyed
            && kind is KeyKind.Take or KeyKind.Segment or KeyKind.LedgerSigning
            && !slot[2..IdOffset].ContainsAnyExcept((byte)0)
            && !slot[PaddingOffset..CrcOffset].ContainsAnyExcept((byte)0);
    }

    internal static bool IsLive(ReadOnlySpan<byte> slot) => slot[0] == Live;

    internal static bool TryUnwrap(ReadOnlySpan<byte> slot, string tenant, ReadOnlySpan<byte> wrapping, Span<byte> key)
    {
        Span<byte> additional = stackalloc byte[AdditionalSize];
        Additional(slot, additional);
        ChunkLayout.WriteName(tenant, additional[17..]);
        try
        {
            using var aes = new AesGcm(wrapping, TagSize);
            aes.Decrypt(
                slot.Slice(NonceOffset, NonceSize),
                slot.Slice(WrappedOffset, 32),
                slot.Slice(TagOffset, TagSize),
                key[..32],
                additional);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    internal static void Destroy(Span<byte> slot)
    {
        slot[0] = Destroyed;
        RandomNumberGenerator.Fill(slot[NonceOffset..PaddingOffset]);
        WriteCrc(slot);
    }

    private static void Additional(ReadOnlySpan<byte> slot, Span<byte> destination)
    {
        destination[0] = slot[1];
        slot.Slice(IdOffset, 16 + ChunkLayout.TenantSize).CopyTo(destination[1..]);
    }

    private static void WriteCrc(Span<byte> slot) =>
        BinaryPrimitives.WriteUInt32BigEndian(slot[CrcOffset..], Crc32C.Of(slot[..CrcOffset]));
}
