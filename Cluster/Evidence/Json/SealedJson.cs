using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Talreg.Evidence.Keys;

namespace Talreg.Evidence.Json;

/// <summary>
/// JSON that only the holder of the take key can read (FORMAT.md §4): <c>u32 length ‖ nonce[12] ‖ ciphertext ‖ tag[16]</c>
/// under the take's metadata key, with the take id as additional data. Any thread.
/// </summary>
public static class SealedJson
{
    /// <summary>What sealing adds, in bytes.</summary>
    public const int Overhead = 4 + NonceSize + TagSize;

    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Seals canonical JSON; the caller owns the array.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> takeKey, Guid takeId, ReadOnlySpan<byte> json)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        RandomNumberGenerator.Fill(nonce);
        return Seal(takeKey, takeId, json, nonce);
    }

    /// <summary>Opens sealed JSON.</summary>
    /// <param name="takeKey">The 32 byte take key.</param>
    /// <param name="takeId">The take it belongs to.</param>
    /// <param name="sealedJson">Exactly the sealed bytes.</param>
    /// <param name="json">The JSON; the caller owns the array.</param>
    /// <param name="reason">Why it did not open; null on success.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> takeKey,
        Guid takeId,
        ReadOnlySpan<byte> sealedJson,
        [NotNullWhen(true)] out byte[]? json,
        [NotNullWhen(false)] out string? reason)
    {
        json = null;
        if (sealedJson.Length < Overhead
            || BinaryPrimitives.ReadUInt32BigEndian(sealedJson) != (uint)(sealedJson.Length - Overhead))
        {
            reason = "sealed JSON is not as long as it says";
            return false;
        }

        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        Span<byte> id = stackalloc byte[16];
        takeId.TryWriteBytes(id, bigEndian: true, out _);
        KeyTree.MetadataKey(takeKey, key);
        var text = new byte[sealedJson.Length - Overhead];
        try
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(
                sealedJson.Slice(4, NonceSize),
                sealedJson[(4 + NonceSize)..^TagSize],
                sealedJson[^TagSize..],
                text,
                id);
        }
        catch (AuthenticationTagMismatchException)
        {
            reason = "sealed JSON does not open with this key";
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }

        json = text;
        reason = null;
        return true;
    }

    /// <summary>Seals under a given nonce, for frozen samples; a nonce must never repeat under a key.</summary>
    internal static byte[] Seal(
        ReadOnlySpan<byte> takeKey, Guid takeId, ReadOnlySpan<byte> json, ReadOnlySpan<byte> nonce)
    {
        var result = new byte[Overhead + json.Length];
        BinaryPrimitives.WriteUInt32BigEndian(result, (uint)json.Length);
        nonce.CopyTo(result.AsSpan(4));
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        Span<byte> id = stackalloc byte[16];
        takeId.TryWriteBytes(id, bigEndian: true, out _);
        KeyTree.MetadataKey(takeKey, key);
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, json, result.AsSpan(4 + NonceSize, json.Length), result.AsSpan(^TagSize..), id);
        CryptographicOperations.ZeroMemory(key);
        return result;
    }
}
