using System.Buffers.Binary;
using System.Numerics;

namespace Talreg.Verify;

/// <summary>The two checksums of the formats. Neither proves anything against an adversary.</summary>
internal static class Crc
{
    private const int Slices = 8;
    private static readonly uint[] Table = MakeTable();

    /// <summary>CRC-32 of ZIP (reflected, polynomial 0xEDB88320), eight bytes a step.</summary>
    public static uint Zip(ByteSource source)
    {
        var crc = uint.MaxValue;
        foreach (var window in source.Windows())
        {
            crc = Update(crc, window.Span);
        }

        return ~crc;
    }

    /// <summary>CRC-32C (RFC 3720 §12.1) of the parts one after another.</summary>
    public static uint Castagnoli(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default)
    {
        var crc = uint.MaxValue;
        Add(ref crc, first);
        Add(ref crc, second);
        Add(ref crc, third);
        return ~crc;
    }

    private static void Add(ref uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }
    }

    private static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        var table = Table.AsSpan();
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = table[(7 << 8) | (byte)low] ^ table[(6 << 8) | (byte)(low >> 8)]
                ^ table[(5 << 8) | (byte)(low >> 16)] ^ table[(4 << 8) | (byte)(low >> 24)]
                ^ table[(3 << 8) | (byte)high] ^ table[(2 << 8) | (byte)(high >> 8)]
                ^ table[(1 << 8) | (byte)(high >> 16)] ^ table[(byte)(high >> 24)];
        }

        foreach (var b in bytes)
        {
            crc = table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[Slices << 8];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }

            table[i] = crc;
        }

        for (var i = 256; i < table.Length; i++)
        {
            table[i] = table[(byte)table[i - 256]] ^ (table[i - 256] >> 8);
        }

        return table;
    }
}
