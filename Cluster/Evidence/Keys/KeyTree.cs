using System.Buffers.Binary;
using System.Security.Cryptography;
using Talreg.Evidence.Crypto;

namespace Talreg.Evidence.Keys;

/// <summary>
/// Derives the keys of FORMAT.md §1. Every key is 32 bytes; destinations are the caller's and are written whole. Nothing
/// is allocated and nothing is kept. Any thread.
/// </summary>
public static class KeyTree
{
    /// <summary>Size of every key, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Size of a writer incarnation, in bytes.</summary>
    public const int IncarnationSize = 16;

    private const int MaxInfoSize = 64;

    /// <summary>The key of a tenant; its name goes in without padding.</summary>
    public static void TenantKey(ReadOnlySpan<byte> rootKey, string tenant, Span<byte> destination)
    {
        ArgumentException.ThrowIfNullOrEmpty(tenant);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tenant.Length, 32, nameof(tenant));
        Span<byte> name = stackalloc byte[32];
        var length = System.Text.Encoding.ASCII.GetBytes(tenant, name);
        Expand(null, rootKey, "talreg/1/tenant/"u8, name[..length], destination);
    }

    /// <summary>The key that wraps segment keys in the key store.</summary>
    public static void NodeKey(ReadOnlySpan<byte> rootKey, Span<byte> destination) =>
        Expand(null, rootKey, "talreg/1/node"u8, default, destination);

    /// <summary>The key of one stream of a take.</summary>
    public static void StreamKey(ReadOnlySpan<byte> takeKey, ushort stream, Span<byte> destination)
    {
        Span<byte> number = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(number, stream);
        Expand(null, takeKey, "talreg/1/stream"u8, number, destination);
    }

    /// <summary>The key of one second of a stream.</summary>
    public static void SlotKey(ReadOnlySpan<byte> streamKey, uint slot, Span<byte> destination) =>
        SlotKey(null, streamKey, slot, destination);

    /// <summary>As the other overload, for who derives many keys.</summary>
    internal static void SlotKey(HmacSha256? hmac, ReadOnlySpan<byte> streamKey, uint slot, Span<byte> destination)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, slot);
        Expand(hmac, streamKey, "talreg/1/slot"u8, number, destination);
    }

    /// <summary>The key that encrypts: bound to one start of one process, so that no nonce repeats.</summary>
    public static void WriterKey(ReadOnlySpan<byte> slotKey, ReadOnlySpan<byte> incarnation, Span<byte> destination) =>
        WriterKey(null, slotKey, incarnation, destination);

    /// <summary>As the other overload, for who derives many keys.</summary>
    internal static void WriterKey(
        HmacSha256? hmac, ReadOnlySpan<byte> slotKey, ReadOnlySpan<byte> incarnation, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(incarnation.Length, IncarnationSize, nameof(incarnation));
        Expand(hmac, slotKey, "talreg/1/writer"u8, incarnation, destination);
    }

    /// <summary>What stands in a chunk's header for its slot key, so that another key cannot be passed off as it.</summary>
    public static void Commitment(ReadOnlySpan<byte> slotKey, Span<byte> destination) =>
        Commitment(null, slotKey, destination);

    /// <summary>As the other overload, for who derives many keys.</summary>
    internal static void Commitment(HmacSha256? hmac, ReadOnlySpan<byte> slotKey, Span<byte> destination) =>
        Expand(hmac, slotKey, "talreg/1/commit"u8, default, destination);

    /// <summary>The key of a take's metadata.</summary>
    public static void MetadataKey(ReadOnlySpan<byte> takeKey, Span<byte> destination) =>
        Expand(null, takeKey, "talreg/1/metadata"u8, default, destination);

    // HKDF-Expand of RFC 5869 with one block of output: HMAC(key, info ‖ 0x01).
    private static void Expand(
        HmacSha256? hmac,
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> context,
        Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize, nameof(key));
        Span<byte> info = stackalloc byte[MaxInfoSize];
        label.CopyTo(info);
        context.CopyTo(info[label.Length..]);
        var length = label.Length + context.Length;
        info[length++] = 0x01;
        if (hmac is null)
        {
            HMACSHA256.HashData(key, info[..length], destination[..KeySize]);
        }
        else
        {
            hmac.Compute(key, info[..length], destination);
        }
    }
}
