using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Talreg.Verify;

/// <summary>The 208 bytes in front of a chunk's ciphertext (FORMAT §2).</summary>
internal sealed record ChunkHeader
{
    public const int Length = 208;
    public const int TagLength = 16;

    public required uint Flags { get; init; }

    public required ushort Stream { get; init; }

    public required Guid Take { get; init; }

    public required string Tenant { get; init; }

    public required string Site { get; init; }

    public required ulong Index { get; init; }

    public required uint Slot { get; init; }

    public required uint Packets { get; init; }

    public required ulong Epoch { get; init; }

    public required byte[] Incarnation { get; init; }

    public required Guid Boot { get; init; }

    public required byte ClockQuality { get; init; }

    public required int CiphertextLength { get; init; }

    public required byte[] Commitment { get; init; }

    public int TotalLength => Length + CiphertextLength + TagLength;

    public static bool TryParse(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ChunkHeader? header, [NotNullWhen(false)] out string? reason)
    {
        header = null;
        reason = Refusal(bytes);
        if (reason is not null)
        {
            return false;
        }

        if (!Names.TryRead(bytes.Slice(32, 32), out var tenant) || !Names.TryRead(bytes.Slice(64, 16), out var site))
        {
            reason = "tenant or site is not a padded name";
            return false;
        }

        header = new ChunkHeader
        {
            Flags = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]),
            Stream = BinaryPrimitives.ReadUInt16BigEndian(bytes[12..]),
            Take = Hex.Uuid(bytes.Slice(16, 16)),
            Tenant = tenant,
            Site = site,
            Index = BinaryPrimitives.ReadUInt64BigEndian(bytes[80..]),
            Slot = BinaryPrimitives.ReadUInt32BigEndian(bytes[88..]),
            Packets = BinaryPrimitives.ReadUInt32BigEndian(bytes[92..]),
            Epoch = BinaryPrimitives.ReadUInt64BigEndian(bytes[96..]),
            Incarnation = bytes.Slice(104, 16).ToArray(),
            Boot = Hex.Uuid(bytes.Slice(120, 16)),
            ClockQuality = bytes[160],
            CiphertextLength = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes[168..]),
            Commitment = bytes.Slice(176, 32).ToArray(),
        };
        return true;
    }

    private static string? Refusal(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Length || !bytes.StartsWith("TLC1"u8))
        {
            return "no chunk: the magic TLC1 is missing";
        }

        if (bytes[4] != 1 || bytes[5] != 1 || BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) != Length)
        {
            return "version, kind or header length is not that of version 1";
        }

        if ((BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) & ~3u) != 0
            || bytes.Slice(14, 2).ContainsAnyExcept((byte)0)
            || bytes.Slice(161, 3).ContainsAnyExcept((byte)0)
            || bytes.Slice(172, 4).ContainsAnyExcept((byte)0))
        {
            return "reserved bits or bytes are set";
        }

        if (bytes[160] > 2)
        {
            return "unknown clock quality";
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[168..]);
        return length is 0 or > Limits.MaxChunkBytes
            ? $"ciphertext of {length} bytes: not 1 to {Limits.MaxChunkBytes}"
            : null;
    }
}
