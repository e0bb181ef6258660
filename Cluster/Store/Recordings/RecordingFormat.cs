using System.Buffers.Binary;
using Talreg.Evidence.Chunks;
using Talreg.Store.IO;

namespace Talreg.Store.Recordings;

/// <summary>The 64 bytes at the front of a recording (FORMAT.md §5).</summary>
internal readonly record struct RecordingHeader(Guid TakeId, Guid CallId)
{
    internal const int Size = 64;

    private static ReadOnlySpan<byte> Magic => "TLK1"u8;

    internal void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        Magic.CopyTo(destination);
        destination[4] = 1;
        TakeId.TryWriteBytes(destination[8..], bigEndian: true, out _);
        CallId.TryWriteBytes(destination[24..], bigEndian: true, out _);
    }

    internal static bool TryRead(ReadOnlySpan<byte> source, out RecordingHeader header)
    {
        header = default;
        if (source.Length < Size
            || !source.StartsWith(Magic)
            || source[4] != 1
            || source[5..8].ContainsAnyExcept((byte)0)
            || source[40..Size].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        header = new RecordingHeader(
            new Guid(source.Slice(8, 16), bigEndian: true), new Guid(source.Slice(24, 16), bigEndian: true));
        return true;
    }
}

/// <summary>One line of a recording's index (FORMAT.md §5), 56 bytes.</summary>
/// <param name="Offset">Offset of the chunk in the file.</param>
/// <param name="Length">Length of the chunk, in bytes.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Packets">Its packets.</param>
/// <param name="Hash">c(i).</param>
public readonly record struct RecordingIndexEntry(
    long Offset, int Length, ushort Stream, uint Slot, uint Packets, ChunkHash Hash)
{
    internal const int Size = 56;

    internal void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, Offset);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], Length);
        BinaryPrimitives.WriteUInt16BigEndian(destination[12..], Stream);
        BinaryPrimitives.WriteUInt16BigEndian(destination[14..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], Slot);
        BinaryPrimitives.WriteUInt32BigEndian(destination[20..], Packets);
        var hash = Hash;
        hash[..].CopyTo(destination[24..]);
    }

    internal static RecordingIndexEntry Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt64BigEndian(source),
        BinaryPrimitives.ReadInt32BigEndian(source[8..]),
        BinaryPrimitives.ReadUInt16BigEndian(source[12..]),
        BinaryPrimitives.ReadUInt32BigEndian(source[16..]),
        BinaryPrimitives.ReadUInt32BigEndian(source[20..]),
        new ChunkHash(source[24..]));

    internal static bool IsReservedZero(ReadOnlySpan<byte> source) => !source[14..16].ContainsAnyExcept((byte)0);

    /// <summary>The line a chunk must have.</summary>
    internal static RecordingIndexEntry Of(long offset, ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> hash)
    {
        var facts = ChunkHeader.ReadFacts(chunk);
        return new RecordingIndexEntry(
            offset, chunk.Length, facts.Stream, facts.Slot, facts.Packets, new ChunkHash(hash));
    }
}

/// <summary>The 128 bytes at the end of a recording (FORMAT.md §5).</summary>
internal readonly record struct RecordingFooter(
    ulong Chunks,
    long IndexOffset,
    long DescriptorOffset,
    int DescriptorLength,
    int MetadataLength,
    ChunkHash ChainHead,
    ChunkHash ContentHash)
{
    internal const int Size = 128;

    private static ReadOnlySpan<byte> Magic => "TLE1"u8;

    internal long MetadataOffset => DescriptorOffset + DescriptorLength;

    internal void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(destination, Chunks);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], IndexOffset);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], DescriptorOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[24..], DescriptorLength);
        BinaryPrimitives.WriteInt32BigEndian(destination[28..], MetadataLength);
        var head = ChainHead;
        var content = ContentHash;
        head[..].CopyTo(destination[32..]);
        content[..].CopyTo(destination[64..]);
        BinaryPrimitives.WriteUInt32BigEndian(destination[120..], Crc32C.Of(destination[..120]));
        Magic.CopyTo(destination[124..]);
    }

    /// <summary>Reads a footer and checks that its offsets fit the file to the byte.</summary>
    internal static bool TryRead(
        ReadOnlySpan<byte> source, long fileLength, out RecordingFooter footer, out string? reason)
    {
        footer = default;
        reason = source.Length != Size || !source[124..].SequenceEqual(Magic) ? "no recording footer"
            : BinaryPrimitives.ReadUInt32BigEndian(source[120..]) != Crc32C.Of(source[..120]) ? "footer is damaged"
            : source[96..120].ContainsAnyExcept((byte)0) ? "reserved bytes are set"
            : null;
        if (reason is not null)
        {
            return false;
        }

        footer = new RecordingFooter(
            BinaryPrimitives.ReadUInt64BigEndian(source),
            BinaryPrimitives.ReadInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadInt32BigEndian(source[24..]),
            BinaryPrimitives.ReadInt32BigEndian(source[28..]),
            new ChunkHash(source[32..]),
            new ChunkHash(source[64..]));
        if (footer.Chunks > Journal.ChunkPlaces.Max
            || footer.DescriptorLength < 0
            || footer.MetadataLength < 0
            || footer.IndexOffset < RecordingHeader.Size
            || footer.DescriptorOffset != footer.IndexOffset + ((long)footer.Chunks * RecordingIndexEntry.Size)
            || footer.MetadataOffset + footer.MetadataLength + Size != fileLength)
        {
            reason = "the parts do not fit the file";
            return false;
        }

        return true;
    }
}
