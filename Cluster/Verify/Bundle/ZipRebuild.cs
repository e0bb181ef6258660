using System.Buffers.Binary;
using System.Text;

namespace Talreg.Verify;

/// <summary>Builds the canonical ZIP (FORMAT §8) again from the members and compares every byte with the file.</summary>
internal static class ZipRebuild
{
    private const ushort Version = 20;
    private const ushort DosDate = 0x0021;

    public static void Check(Findings findings, ByteSource zip, List<BundleMember> members)
    {
        var before = findings.FailuresOf(CheckNames.Zip);
        for (var i = 1; i < members.Count; i++)
        {
            if (string.CompareOrdinal(members[i - 1].Name, members[i].Name) >= 0)
            {
                findings.Fail(CheckNames.Zip, members[i].Name, "not in the order of names, or twice");
            }
        }

        var at = 0L;
        var directory = new MemoryStream();
        foreach (var member in members)
        {
            var crc = Crc.Zip(member.Data);
            var local = Local(member, crc);
            Compare(findings, zip, at, local, $"local header of {member.Name}", $"data of {member.Name}", 14);
            directory.Write(Central(member, crc, at));
            at += local.Length + member.Data.Length;
        }

        var start = at;
        foreach (var (record, name) in Records(directory.ToArray(), members))
        {
            Compare(findings, zip, at, record, $"central directory, {name}", $"data of {name}", 16);
            at += record.Length;
        }

        Compare(findings, zip, at, End(members.Count, start, at - start), "end record", "end record", -1);
        at += ZipReader.EndLength;
        if (at != zip.Length)
        {
            findings.Fail(CheckNames.Zip, "end record", $"{zip.Length - at} bytes beyond the end record");
        }

        if (findings.FailuresOf(CheckNames.Zip) == before)
        {
            findings.Pass(CheckNames.Zip, "bundle", $"{members.Count} members, built again byte for byte");
        }
    }

    private static IEnumerable<(byte[] Record, string Name)> Records(byte[] directory, List<BundleMember> members)
    {
        var at = 0;
        foreach (var member in members)
        {
            var length = ZipReader.CentralLength + member.Name.Length;
            yield return (directory[at..(at + length)], member.Name);
            at += length;
        }
    }

    private static void Compare(
        Findings findings, ByteSource zip, long at, byte[] expected, string part, string dataPart, int crcAt)
    {
        var there = Math.Max(0, Math.Min(expected.Length, zip.Length - at));
        var actual = there == 0 ? default : zip.Read(at, (int)there).Span;
        var same = actual.CommonPrefixLength(expected);
        if (same == expected.Length)
        {
            return;
        }

        // When nothing but the checksum differs, the data was changed or the checksum was: both are named.
        var onlyCrc = crcAt >= 0 && same >= crcAt && same < crcAt + 4 && actual.Length == expected.Length
            && actual[(crcAt + 4)..].SequenceEqual(expected.AsSpan(crcAt + 4));
        findings.Fail(CheckNames.Zip, part, onlyCrc
            ? $"the CRC-32 is not that of the {dataPart}"
            : $"differs from the canonical form at byte {at + same} of the bundle");
    }

    private static byte[] Local(BundleMember member, uint crc)
    {
        var header = new byte[ZipReader.LocalLength + member.Name.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(header, ZipReader.LocalMagic);
        Common(header.AsSpan(4), member, crc);
        Encoding.Latin1.GetBytes(member.Name, header.AsSpan(ZipReader.LocalLength));
        return header;
    }

    private static byte[] Central(BundleMember member, uint crc, long offset)
    {
        var header = new byte[ZipReader.CentralLength + member.Name.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(header, ZipReader.CentralMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), Version);
        Common(header.AsSpan(6), member, crc);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(42), (uint)offset);
        Encoding.Latin1.GetBytes(member.Name, header.AsSpan(ZipReader.CentralLength));
        return header;
    }

    // Version needed, flags, method, time, date, CRC-32, sizes and name length: the same in both headers.
    private static void Common(Span<byte> at, BundleMember member, uint crc)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(at, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(at[8..], DosDate);
        BinaryPrimitives.WriteUInt32LittleEndian(at[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(at[14..], (uint)member.Data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(at[18..], (uint)member.Data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(at[22..], (ushort)member.Name.Length);
    }

    private static byte[] End(int count, long start, long length)
    {
        var record = new byte[ZipReader.EndLength];
        BinaryPrimitives.WriteUInt32LittleEndian(record, ZipReader.EndMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(8), (ushort)count);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(10), (ushort)count);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12), (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(16), (uint)start);
        return record;
    }
}
