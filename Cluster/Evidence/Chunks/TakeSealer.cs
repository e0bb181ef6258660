using System.Buffers.Binary;
using System.Security.Cryptography;
using Talreg.Evidence.Crypto;
using Talreg.Evidence.Keys;

namespace Talreg.Evidence.Chunks;

/// <summary>
/// Turns plain text into the chunks of one live take, in order. One thread, the volume's writer; it holds the take key
/// and one cipher per stream until disposed.
/// </summary>
public sealed class TakeSealer : IDisposable
{
    private readonly byte[] _template = new byte[ChunkHeader.Size];
    private readonly byte[] _takeKey = GC.AllocateUninitializedArray<byte>(KeyTree.KeySize, pinned: true);
    private readonly byte[] _incarnation = new byte[KeyTree.IncarnationSize];
    private readonly byte[] _head = new byte[ChunkHash.Size];
    private readonly Sha256Hasher _sha256 = new();
    private readonly HmacSha256 _hmac = new();
    private StreamCipher?[] _streams = new StreamCipher?[2];
    private ulong _next;

    /// <summary>Starts or, with an index and a head, goes on with a take.</summary>
    /// <param name="identity">Which take.</param>
    /// <param name="takeKey">Its 32 byte key; copied.</param>
    /// <param name="incarnation">This start of this process. A take that goes on must come with a new one or with the
    /// index where it stopped: together they keep nonces from repeating.</param>
    /// <param name="bootId">The boot whose monotonic clock the facts use.</param>
    /// <param name="nextIndex">Index of the next chunk.</param>
    /// <param name="chainHead">The head before that chunk; empty for a take's first.</param>
    public TakeSealer(
        TakeIdentity identity,
        ReadOnlySpan<byte> takeKey,
        Guid incarnation,
        Guid bootId,
        ulong nextIndex = 1,
        ReadOnlySpan<byte> chainHead = default)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentOutOfRangeException.ThrowIfNotEqual(takeKey.Length, KeyTree.KeySize, nameof(takeKey));
        ArgumentOutOfRangeException.ThrowIfZero(nextIndex);
        if (chainHead.IsEmpty != (nextIndex == 1))
        {
            throw new ArgumentException("A head comes exactly with an index above 1.", nameof(chainHead));
        }

        ChunkHeader.WriteTake(_template, identity);
        incarnation.TryWriteBytes(_incarnation, bigEndian: true, out _);
        _incarnation.CopyTo(_template.AsSpan(ChunkLayout.IncarnationOffset));
        bootId.TryWriteBytes(_template.AsSpan(ChunkLayout.BootIdOffset), bigEndian: true, out _);
        takeKey.CopyTo(_takeKey);
        _next = nextIndex;
        if (chainHead.IsEmpty)
        {
            Chain.Start(identity, _head);
        }
        else
        {
            chainHead[..ChunkHash.Size].CopyTo(_head);
        }
    }

    /// <summary>Chunks sealed so far, those before this sealer included: the index of the newest.</summary>
    public ulong Chunks => _next - 1;

    /// <summary>The chain's head after the newest chunk; valid until the next one.</summary>
    public ReadOnlySpan<byte> ChainHead => _head;

    /// <summary>Seals the next chunk.</summary>
    /// <param name="facts">What stands in its header.</param>
    /// <param name="plainText">Frames, 1 to 16384 bytes; not kept.</param>
    /// <param name="destination">At least 224 bytes more than the plain text; not overlapping it.</param>
    /// <returns>Length of the chunk, in bytes.</returns>
    public int Seal(in ChunkFacts facts, ReadOnlySpan<byte> plainText, Span<byte> destination)
    {
        var total = ChunkHeader.Size + plainText.Length + ChunkHeader.TagSize;
        var chunk = destination[..total];
        var header = chunk[..ChunkHeader.Size];
        _template.CopyTo(header);
        ChunkHeader.WriteChunk(header, facts, _next, plainText.Length);
        var cipher = CipherOf(facts.Stream, facts.Slot);
        cipher.Commitment.CopyTo(header[ChunkLayout.CommitmentOffset..]);

        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], _next);
        cipher.Aes.Encrypt(
            nonce, header, plainText, chunk.Slice(ChunkHeader.Size, plainText.Length), chunk[^ChunkHeader.TagSize..]);

        Span<byte> hash = stackalloc byte[ChunkHash.Size];
        Chain.ChunkHashOf(_sha256, chunk, hash);
        Chain.Advance(_sha256, _head, hash);
        _next++;
        return total;
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_takeKey);
        foreach (var stream in _streams)
        {
            stream?.Dispose();
        }

        Array.Clear(_streams);
        _sha256.Dispose();
        _hmac.Dispose();
    }

    private StreamCipher CipherOf(ushort stream, uint slot)
    {
        if (stream >= _streams.Length)
        {
            Array.Resize(ref _streams, Math.Max(stream + 1, _streams.Length * 2));
        }

        var cipher = _streams[stream] ??= new StreamCipher(_takeKey, stream);
        cipher.MoveTo(_hmac, slot, _incarnation);
        return cipher;
    }

    // The keys of the stream's newest slot. A slot lasts a second, so one cipher serves about five chunks.
    private sealed class StreamCipher : IDisposable
    {
        private readonly byte[] _streamKey = GC.AllocateUninitializedArray<byte>(KeyTree.KeySize, pinned: true);
        private readonly byte[] _commitment = new byte[ChunkHash.Size];
        private long _slot = -1;

        internal StreamCipher(ReadOnlySpan<byte> takeKey, ushort stream) =>
            KeyTree.StreamKey(takeKey, stream, _streamKey);

        internal Aes256GcmEncryptor Aes { get; } = new();

        internal ReadOnlySpan<byte> Commitment => _commitment;

        internal void MoveTo(HmacSha256 hmac, uint slot, ReadOnlySpan<byte> incarnation)
        {
            if (slot == _slot)
            {
                return;
            }

            Span<byte> slotKey = stackalloc byte[KeyTree.KeySize];
            Span<byte> writerKey = stackalloc byte[KeyTree.KeySize];
            KeyTree.SlotKey(hmac, _streamKey, slot, slotKey);
            KeyTree.Commitment(hmac, slotKey, _commitment);
            KeyTree.WriterKey(hmac, slotKey, incarnation, writerKey);
            Aes.SetKey(writerKey);
            _slot = slot;
            CryptographicOperations.ZeroMemory(slotKey);
            CryptographicOperations.ZeroMemory(writerKey);
        }

        public void Dispose()
        {
            Aes.Dispose();
            CryptographicOperations.ZeroMemory(_streamKey);
        }
    }
}
