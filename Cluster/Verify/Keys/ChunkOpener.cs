using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>What became of a chunk's plain text.</summary>
internal enum ChunkOpening
{
    Withheld,
    WrongKey,
    Altered,
    Opened,
}

/// <summary>Opens chunks with the disclosed keys. Keeps the last key of each stream, since a slot has several chunks.</summary>
internal sealed class ChunkOpener(DisclosedKeys? keys) : IDisposable
{
    private readonly Dictionary<ushort, Writer> _writers = [];
    private readonly byte[] _plain = new byte[Limits.MaxChunkBytes];

    /// <summary>Opens a chunk.</summary>
    /// <param name="header">Its header, parsed.</param>
    /// <param name="chunk">All its bytes.</param>
    /// <param name="plain">The plain text; valid until the next call.</param>
    public ChunkOpening Open(ChunkHeader header, ReadOnlySpan<byte> chunk, out ReadOnlySpan<byte> plain)
    {
        plain = default;
        var writer = WriterOf(header);
        if (writer is null)
        {
            return ChunkOpening.Withheld;
        }

        if (!writer.Commitment.AsSpan().SequenceEqual(header.Commitment))
        {
            return ChunkOpening.WrongKey;
        }

        Span<byte> nonce = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], header.Index);
        var sealedBytes = chunk[ChunkHeader.Length..];
        var target = _plain.AsSpan(0, header.CiphertextLength);
        try
        {
            writer.Cipher.Decrypt(
                nonce,
                sealedBytes[..header.CiphertextLength],
                sealedBytes[header.CiphertextLength..],
                target,
                chunk[..ChunkHeader.Length]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return ChunkOpening.Altered;
        }

        plain = target;
        return ChunkOpening.Opened;
    }

    public void Dispose()
    {
        foreach (var writer in _writers.Values)
        {
            writer.Cipher.Dispose();
        }
    }

    private Writer? WriterOf(ChunkHeader header)
    {
        if (_writers.TryGetValue(header.Stream, out var writer)
            && writer.Slot == header.Slot
            && writer.Incarnation.AsSpan().SequenceEqual(header.Incarnation))
        {
            return writer;
        }

        if (keys?.SlotKey(header.Stream, header.Slot) is not { } slotKey)
        {
            return null;
        }

        writer?.Cipher.Dispose();
        var key = DisclosedKeys.WriterKey(slotKey, header.Incarnation);
        var cipher = new AesGcm(key, ChunkHeader.TagLength);
        return _writers[header.Stream] =
            new Writer(header.Slot, header.Incarnation, DisclosedKeys.Commitment(slotKey), cipher);
    }

    private sealed record Writer(uint Slot, byte[] Incarnation, byte[] Commitment, AesGcm Cipher);
}
