using System.Buffers.Binary;

namespace Talreg.Verify;

/// <summary>Reads a journal segment (FORMAT §4) to where it ends, or breaks, and counts its records.</summary>
internal static class JournalInspector
{
    private const int HeaderLength = 64;
    private const int RecordLength = 16;
    private const int MaxType = 6;

    public static string? Describe(ByteSource source, List<string> lines)
    {
        if (source.Length < HeaderLength)
        {
            return "shorter than its header";
        }

        if (source.Length > Limits.MaxJournalBytes)
        {
            return $"over {Limits.MaxJournalBytes} bytes";
        }

        var header = source.Read(0, HeaderLength).Span;
        if (header[4] != 1
            || header.Slice(5, 3).ContainsAnyExcept((byte)0)
            || header.Slice(56, 4).ContainsAnyExcept((byte)0))
        {
            return "not version 1, or reserved bytes are set";
        }

        if (Crc.Castagnoli(header[..60]) != BinaryPrimitives.ReadUInt32BigEndian(header[60..]))
        {
            return "the header's CRC-32C is not that of its bytes";
        }

        var created = UnixTime.Of(BinaryPrimitives.ReadInt64BigEndian(header[48..]));
        var sequence = BinaryPrimitives.ReadUInt64BigEndian(header[8..]);
        lines.Add($"segment {sequence:x16}, id {Hex.Of(header.Slice(16, 16))}, created {created:O}");
        Walk(source, header.Slice(16, 16).ToArray(), lines);
        return null;
    }

    private static void Walk(ByteSource source, byte[] segment, List<string> lines)
    {
        var counts = new long[MaxType + 1];
        var takes = new HashSet<Guid>();
        var at = (long)HeaderLength;
        string? end = null;
        while (end is null)
        {
            end = Next(source, segment, ref at, counts, takes);
        }

        lines.Add($"{counts[1]} takes opened, {counts[5]} carried, {counts[2]} chunks, {counts[3]} events, "
            + $"{counts[4]} takes closed; chunks of {takes.Count} takes");
        lines.Add($"read to byte {at}: {end}");
    }

    /// <summary>Counts the record at <paramref name="at"/> and steps over it, or answers why reading ends there.</summary>
    private static string? Next(ByteSource source, byte[] segment, ref long at, long[] counts, HashSet<Guid> takes)
    {
        if (at > source.Length - RecordLength)
        {
            return "end of the file";
        }

        var record = source.Read(at, RecordLength).Span;
        if (record[..4].SequenceEqual("\0\0\0\0"u8))
        {
            return "nothing more was written";
        }

        var (type, length) = (record[4], BinaryPrimitives.ReadUInt32BigEndian(record[8..]));
        if (!record.StartsWith("TLR1"u8) || type is 0 or > MaxType
            || length > Limits.MaxRecordBytes || at + RecordLength + length > source.Length)
        {
            return "no whole record: a torn tail, or damage";
        }

        var body = source.Read(at + RecordLength, (int)length).Span;
        Span<byte> place = stackalloc byte[24];
        segment.CopyTo(place);
        BinaryPrimitives.WriteUInt64BigEndian(place[16..], (ulong)at);
        if (Crc.Castagnoli([.. place, .. record[4..12]], body) != BinaryPrimitives.ReadUInt32BigEndian(record[12..]))
        {
            return "a record's CRC-32C is not that of its bytes: a torn tail, or damage";
        }

        counts[type]++;
        if (type == 2 && takes.Count < Limits.MaxJournalTakes && ChunkHeader.TryParse(body, out var header, out _))
        {
            takes.Add(header.Take);
        }

        at += RecordLength + length;
        return null;
    }
}
