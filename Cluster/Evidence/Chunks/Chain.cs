using System.Security.Cryptography;
using Talreg.Evidence.Crypto;

namespace Talreg.Evidence.Chunks;

/// <summary>
/// The chain over a take's chunks (FORMAT.md §3). It runs over ciphertext, so it needs no keys. No allocation; any thread.
/// </summary>
public static class Chain
{
    private const int StartSize = 1 + 1 + 32 + 16 + 16;

    /// <summary>h(0): binds version, tenant, call and take.</summary>
    public static void Start(TakeIdentity take, Span<byte> head)
    {
        Span<byte> input = stackalloc byte[StartSize];
        input[0] = 0x02;
        input[1] = 1;
        ChunkLayout.WriteName(take.Tenant, input.Slice(2, ChunkLayout.TenantSize));
        take.CallId.TryWriteBytes(input[34..], bigEndian: true, out _);
        take.TakeId.TryWriteBytes(input[50..], bigEndian: true, out _);
        SHA256.HashData(input, head[..ChunkHash.Size]);
    }

    /// <summary>c(i) of a whole chunk: header, ciphertext and tag.</summary>
    public static void ChunkHashOf(ReadOnlySpan<byte> chunk, Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[1 + ChunkHeader.Size + ChunkHash.Size];
        input[0] = 0x00;
        chunk[..ChunkHeader.Size].CopyTo(input[1..]);
        SHA256.HashData(chunk[ChunkHeader.Size..], input[(1 + ChunkHeader.Size)..]);
        SHA256.HashData(input, destination[..ChunkHash.Size]);
    }

    /// <summary>As the other overload, for who hashes many chunks.</summary>
    internal static void ChunkHashOf(Sha256Hasher sha256, ReadOnlySpan<byte> chunk, Span<byte> destination)
    {
        Span<byte> body = stackalloc byte[ChunkHash.Size];
        sha256.Hash(chunk[ChunkHeader.Size..], body);
        sha256.HashShort([0x00], chunk[..ChunkHeader.Size], body, destination);
    }

    /// <summary>As the other overload, for who hashes many chunks.</summary>
    internal static void Advance(Sha256Hasher sha256, Span<byte> head, ReadOnlySpan<byte> chunkHash) =>
        sha256.HashShort([0x01], head[..ChunkHash.Size], chunkHash[..ChunkHash.Size], head);

    /// <summary>Moves the head from h(i-1) to h(i), in place.</summary>
    public static void Advance(Span<byte> head, ReadOnlySpan<byte> chunkHash)
    {
        Span<byte> input = stackalloc byte[1 + ChunkHash.Size + ChunkHash.Size];
        input[0] = 0x01;
        head[..ChunkHash.Size].CopyTo(input[1..]);
        chunkHash[..ChunkHash.Size].CopyTo(input[(1 + ChunkHash.Size)..]);
        SHA256.HashData(input, head[..ChunkHash.Size]);
    }
}
