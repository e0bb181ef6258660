using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>The keys a bundle discloses for one take (FORMAT §1, §8): stream keys, or slot keys where some are withheld.</summary>
internal sealed class DisclosedKeys
{
    private readonly Dictionary<long, byte[]> _streams = [];
    private readonly Dictionary<(long Stream, long Slot), byte[]> _slots = [];
    private readonly HashSet<long> _numbers = [];

    /// <summary>Streams for which any key is given.</summary>
    public IReadOnlyCollection<long> Streams => _numbers;

    public byte[]? Metadata { get; private set; }

    public required string Take { get; init; }

    public static bool TryParse(
        ReadOnlyMemory<byte> bytes,
        [NotNullWhen(true)] out DisclosedKeys? keys,
        [NotNullWhen(false)] out string? reason)
    {
        keys = null;
        if (!CanonicalJson.TryParse(bytes, out var json, out reason))
        {
            return false;
        }

        if (!json.HasOnly("metadata", "streams", "take")
            || json.TextOf("take") is not { } take
            || json.ListOf("streams") is not { } streams)
        {
            reason = "member 'take' or 'streams' is missing, or there is an unknown one";
            return false;
        }

        var parsed = new DisclosedKeys { Take = take };
        if (json["metadata"] is { Kind: not JsonKind.Null } metadata)
        {
            if (!Hex.TryParse(metadata.Text, 32, out var key))
            {
                reason = "the metadata key is not 64 hexadecimal digits";
                return false;
            }

            parsed.Metadata = key;
        }

        foreach (var stream in streams)
        {
            if (!parsed.TryAdd(stream))
            {
                reason = "a stream's keys do not read, or one is given twice";
                return false;
            }
        }

        keys = parsed;
        return true;
    }

    /// <summary>The key of a slot, or null when it is withheld.</summary>
    public byte[]? SlotKey(ushort stream, uint slot)
    {
        if (_streams.TryGetValue(stream, out var key))
        {
            Span<byte> number = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(number, slot);
            return Expand(key, [.. "talreg/1/slot"u8, .. number]);
        }

        return _slots.GetValueOrDefault((stream, slot));
    }

    public static byte[] Commitment(byte[] slotKey) => Expand(slotKey, "talreg/1/commit"u8);

    public static byte[] WriterKey(byte[] slotKey, ReadOnlySpan<byte> incarnation) =>
        Expand(slotKey, [.. "talreg/1/writer"u8, .. incarnation]);

    /// <summary>HKDF-Expand of one block (RFC 5869 §2.3).</summary>
    private static byte[] Expand(byte[] key, ReadOnlySpan<byte> info) =>
        HMACSHA256.HashData(key, (byte[])[.. info, 0x01]);

    private bool TryAdd(JsonItem item)
    {
        if (item.NumberOf("stream") is not (>= 0 and <= ushort.MaxValue and var stream)
            || !item.HasOnly("key", "slots", "stream")
            || !_numbers.Add(stream)
            || (item["key"] is null) == (item["slots"] is null))
        {
            return false;
        }

        if (item["key"] is not null)
        {
            return Hex.TryParse(item.TextOf("key"), 32, out var key) && _streams.TryAdd(stream, key);
        }

        foreach (var slot in item.ListOf("slots") ?? [])
        {
            if (!slot.HasOnly("key", "slot")
                || slot.NumberOf("slot") is not (>= 0 and <= uint.MaxValue and var number)
                || !Hex.TryParse(slot.TextOf("key"), 32, out var key)
                || !_slots.TryAdd((stream, number), key))
            {
                return false;
            }
        }

        return item.ListOf("slots") is not null;
    }
}
