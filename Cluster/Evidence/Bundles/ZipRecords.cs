using System.Buffers.Binary;
using System.Text;

namespace Talreg.Evidence.Bundles;

/// <summary>The three records of a stored ZIP (APPNOTE 4.3.7, 4.3.12, 4.3.16), little-endian, everything optional zero.</summary>
internal static class ZipRecords
{
    private const int LocalLength = 30;
    private const int CentralLength = 46;
    private const int EndLength = 22;
    private const ushort Version = 20;

    /// <summary>1 January 1980, the first date that ZIP can say.</summary>
    private const ushort DosDate = 0x0021;

    /// <summary>Bytes a member costs beside its content.</summary>
    internal static int Overhead(string name) => LocalLength + CentralLength + (2 * name.Length);

    internal static byte[] Local(string name, uint crc, uint length)
    {
        var record = new byte[LocalLength + name.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x04034B50);
        Common(record.AsSpan(4), name, crc, length);
        Encoding.ASCII.GetBytes(name, record.AsSpan(LocalLength));
        return record;
    }

    internal static byte[] Central(string name, uint crc, uint length, uint offset)
    {
        var record = new byte[CentralLength + name.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x02014B50);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(4), Version);
        Common(record.AsSpan(6), name, crc, length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(42), offset);
        Encoding.ASCII.GetBytes(name, record.AsSpan(CentralLength));
        return record;
    }

    internal static byte[] End(ushort members, uint directoryLength, uint directoryOffset)
    {
        var record = new byte[EndLength];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06054B50);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(8), members);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(10), members);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12), directoryLength);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(16), directoryOffset);
        return record;
    }

    /// <summary>What both headers share: version needed, flags, method, time, date, CRC, sizes, name length, extra length.</summary>
    private static void Common(Span<byte> fields, string name, uint crc, uint length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(fields, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[8..], DosDate);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[14..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[18..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[22..], (ushort)name.Length);
    }
}
