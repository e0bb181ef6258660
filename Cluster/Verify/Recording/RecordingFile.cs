using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Talreg.Verify;

/// <summary>One row of a recording's index.</summary>
internal readonly record struct IndexRow(long Offset, uint Length, ushort Stream, uint Slot, uint Packets, byte[] C);

/// <summary>The frame of a <c>.trec</c> (FORMAT §5): header, index, descriptor, metadata, footer.</summary>
internal sealed class RecordingFile
{
    public const int HeaderLength = 64;
    public const int FooterLength = 128;
    public const int RowLength = 56;
    private const int SealedOverhead = 4 + 12 + 16;

    private RecordingFile(ByteSource data) => Data = data;

    public ByteSource Data { get; }

    public Guid Take { get; private init; }

    public Guid Call { get; private init; }

    public long Chunks { get; private init; }

    public long IndexOffset { get; private init; }

    public required byte[] ChainHead { get; init; }

    public required byte[] ContentHash { get; init; }

    public required ReadOnlyMemory<byte> Descriptor { get; init; }

    /// <summary>Sealed JSON: length ‖ nonce ‖ ciphertext ‖ tag.</summary>
    public required ReadOnlyMemory<byte> Metadata { get; init; }

    /// <summary>Reads the frame. Faults that leave the parts' places known go to <paramref name="faults"/>.</summary>
    public static bool TryRead(
        ByteSource data, List<string> faults, [NotNullWhen(true)] out RecordingFile? file)
    {
        file = null;
        if (data.Length < HeaderLength + FooterLength)
        {
            faults.Add($"{data.Length} bytes: shorter than header and footer");
            return false;
        }

        var header = data.Read(0, HeaderLength).Span;
        var footer = data.Read(data.Length - FooterLength, FooterLength).Span;
        CheckEnds(header, footer, faults);

        var chunks = BinaryPrimitives.ReadUInt64BigEndian(footer);
        var index = BinaryPrimitives.ReadUInt64BigEndian(footer[8..]);
        var descriptor = BinaryPrimitives.ReadUInt64BigEndian(footer[16..]);
        var descriptorLength = BinaryPrimitives.ReadUInt32BigEndian(footer[24..]);
        var metadataLength = BinaryPrimitives.ReadUInt32BigEndian(footer[28..]);
        var length = (ulong)data.Length;

        // Each term is bounded by the file's length before it is added, so nothing here can wrap.
        if (index < HeaderLength || index > length || chunks > length / RowLength || descriptor > length
            || index + (chunks * RowLength) != descriptor
            || descriptor + descriptorLength + metadataLength + FooterLength != length)
        {
            faults.Add("index, descriptor, metadata and footer do not fill the file's end exactly");
            return false;
        }

        if (descriptorLength > Limits.MaxJsonBytes || metadataLength > Limits.MaxJsonBytes + SealedOverhead)
        {
            faults.Add($"descriptor or metadata over {Limits.MaxJsonBytes} bytes");
            return false;
        }

        file = new RecordingFile(data)
        {
            Take = Hex.Uuid(header.Slice(8, 16)),
            Call = Hex.Uuid(header.Slice(24, 16)),
            Chunks = (long)chunks,
            IndexOffset = (long)index,
            ChainHead = footer.Slice(32, 32).ToArray(),
            ContentHash = footer.Slice(64, 32).ToArray(),
            Descriptor = data.Read((long)descriptor, (int)descriptorLength),
            Metadata = data.Read((long)(descriptor + descriptorLength), (int)metadataLength),
        };
        var sealedLength = metadataLength < SealedOverhead
            ? -1
            : (long)BinaryPrimitives.ReadUInt32BigEndian(file.Metadata.Span) + SealedOverhead;
        if (sealedLength != metadataLength)
        {
            faults.Add("the metadata is not sealed JSON of its length");
        }

        return true;
    }

    public IndexRow Row(long chunk, out bool reservedClear)
    {
        var row = Data.Read(IndexOffset + (chunk * RowLength), RowLength).Span;
        reservedClear = !row.Slice(14, 2).ContainsAnyExcept((byte)0);
        return new IndexRow(
            (long)BinaryPrimitives.ReadUInt64BigEndian(row),
            BinaryPrimitives.ReadUInt32BigEndian(row[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(row[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(row[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(row[20..]),
            row.Slice(24, 32).ToArray());
    }

    private static void CheckEnds(ReadOnlySpan<byte> header, ReadOnlySpan<byte> footer, List<string> faults)
    {
        if (!header.StartsWith("TLK1"u8) || header[4] != 1)
        {
            faults.Add("the header has not the magic TLK1 and version 1");
        }

        if (header.Slice(5, 3).ContainsAnyExcept((byte)0) || header[40..].ContainsAnyExcept((byte)0)
            || footer.Slice(96, 24).ContainsAnyExcept((byte)0))
        {
            faults.Add("reserved bytes of header or footer are set");
        }

        if (!footer.EndsWith("TLE1"u8))
        {
            faults.Add("the footer has not the magic TLE1: the file is cut short or not finished");
        }

        if (Crc.Castagnoli(footer[..120]) != BinaryPrimitives.ReadUInt32BigEndian(footer[120..]))
        {
            faults.Add("the footer's CRC-32C is not that of its bytes");
        }
    }
}
