using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Talreg.Evidence.Keys;

namespace Talreg.Evidence.Chunks;

/// <summary>Opens single chunks. Nothing is kept between calls; any thread.</summary>
public static class ChunkOpener
{
    /// <summary>Opens a chunk with its take's key.</summary>
    /// <param name="takeKey">The 32 byte take key.</param>
    /// <param name="chunk">Header, ciphertext and tag, nothing more.</param>
    /// <param name="plainText">Takes the plain text; at least as long as the ciphertext.</param>
    /// <param name="length">Length of the plain text, in bytes.</param>
    /// <param name="reason">Why it did not open; null on success.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> takeKey,
        ReadOnlySpan<byte> chunk,
        Span<byte> plainText,
        out int length,
        [NotNullWhen(false)] out string? reason)
    {
        length = 0;
        if (!ChunkHeader.TryRead(chunk, out var header, out reason))
        {
            return false;
        }

        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        KeyTree.StreamKey(takeKey, header.Facts.Stream, key);
        KeyTree.SlotKey(key, header.Facts.Slot, key);
        var opened = TryOpenSlot(key, chunk, plainText, out length, out reason);
        CryptographicOperations.ZeroMemory(key);
        return opened;
    }

    /// <summary>Opens a chunk with its stream's key; the other parameters are those of the other method.</summary>
    public static bool TryOpen(
        OpeningKeys keys,
        ReadOnlySpan<byte> chunk,
        Span<byte> plainText,
        out int length,
        [NotNullWhen(false)] out string? reason)
    {
        ArgumentNullException.ThrowIfNull(keys);
        length = 0;
        if (!ChunkHeader.TryRead(chunk, out var header, out reason))
        {
            return false;
        }

        var streamKey = keys.Stream(header.Facts.Stream);
        if (streamKey.IsEmpty)
        {
            reason = "there is no key of its stream";
            return false;
        }

        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        KeyTree.SlotKey(streamKey, header.Facts.Slot, key);
        var opened = TryOpenSlot(key, chunk, plainText, out length, out reason);
        CryptographicOperations.ZeroMemory(key);
        return opened;
    }

    /// <summary>Opens a chunk with the key of its slot alone; the parameters are those of the other method.</summary>
    public static bool TryOpenSlot(
        ReadOnlySpan<byte> slotKey,
        ReadOnlySpan<byte> chunk,
        Span<byte> plainText,
        out int length,
        [NotNullWhen(false)] out string? reason)
    {
        length = 0;
        if (!ChunkHeader.TryRead(chunk, out var header, out reason))
        {
            return false;
        }

        if (chunk.Length != header.TotalLength)
        {
            reason = "chunk is not as long as its header says";
            return false;
        }

        Span<byte> commitment = stackalloc byte[ChunkHash.Size];
        KeyTree.Commitment(slotKey, commitment);
        if (!commitment.SequenceEqual(chunk.Slice(ChunkLayout.CommitmentOffset, ChunkHash.Size)))
        {
            reason = "the key is not the one the header commits to";
            return false;
        }

        Span<byte> writerKey = stackalloc byte[KeyTree.KeySize];
        KeyTree.WriterKey(slotKey, chunk.Slice(ChunkLayout.IncarnationOffset, KeyTree.IncarnationSize), writerKey);
        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], header.Index);
        try
        {
            using var aes = new AesGcm(writerKey, ChunkHeader.TagSize);
            aes.Decrypt(
                nonce,
                chunk.Slice(ChunkHeader.Size, header.Length),
                chunk[^ChunkHeader.TagSize..],
                plainText[..header.Length],
                chunk[..ChunkHeader.Size]);
        }
        catch (AuthenticationTagMismatchException)
        {
            reason = "the chunk was altered";
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(writerKey);
        }

        length = header.Length;
        return true;
    }
}
