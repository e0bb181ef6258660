using System.Buffers.Binary;
using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Store.IO;

namespace Talreg.Store.Journal;

/// <summary>Types of journal records (FORMAT.md §4).</summary>
internal enum RecordType : byte
{
    TakeOpened = 1,
    Chunk = 2,
    TakeEvent = 3,
    TakeClosed = 4,
    TakeCarried = 5,
    CommitMark = 6,
}

/// <summary>The header of a segment (FORMAT.md §4), 64 bytes.</summary>
internal readonly record struct SegmentHeader(ulong Sequence, Guid Id, Guid Incarnation, long CreatedMs)
{
    internal const int Size = 64;

    private static ReadOnlySpan<byte> Magic => "TLJ1"u8;

    internal void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        Magic.CopyTo(destination);
        destination[4] = 1;
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Sequence);
        Id.TryWriteBytes(destination[16..], bigEndian: true, out _);
        Incarnation.TryWriteBytes(destination[32..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(destination[48..], CreatedMs);
        BinaryPrimitives.WriteUInt32BigEndian(destination[60..], Crc32C.Of(destination[..60]));
    }

    internal static bool TryRead(ReadOnlySpan<byte> source, out SegmentHeader header, out string? reason)
    {
        header = default;
        reason = source.Length < Size ? "shorter than a segment header"
            : !source.StartsWith(Magic) ? "no segment magic"
            : BinaryPrimitives.ReadUInt32BigEndian(source[60..]) != Crc32C.Of(source[..60])
                ? "segment header is damaged"
            : source[4] != 1 ? "unknown segment version"
            : source[5..8].ContainsAnyExcept((byte)0) || source[56..60].ContainsAnyExcept((byte)0)
                ? "reserved bytes are set"
            : null;
        if (reason is not null)
        {
            return false;
        }

        header = new SegmentHeader(
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            new Guid(source.Slice(16, 16), bigEndian: true),
            new Guid(source.Slice(32, 16), bigEndian: true),
            BinaryPrimitives.ReadInt64BigEndian(source[48..]));
        return true;
    }
}

/// <summary>The frame around every record (FORMAT.md §4).</summary>
internal static class RecordFrame
{
    internal const int HeaderSize = 16;
    internal const int MaxBody = 1024 * 1024;

    internal static ReadOnlySpan<byte> Magic => "TLR1"u8;

    /// <summary>Writes the header in front of a body that is in place.</summary>
    /// <param name="record">Header and body, exactly.</param>
    /// <param name="type">The record's type.</param>
    /// <param name="segment">The segment's id.</param>
    /// <param name="offset">Where the record will stand in the file.</param>
    internal static void Finish(Span<byte> record, RecordType type, Guid segment, long offset)
    {
        Magic.CopyTo(record);
        record[4] = (byte)type;
        record[5..8].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(record[8..], (uint)(record.Length - HeaderSize));
        BinaryPrimitives.WriteUInt32BigEndian(record[12..], Check(record, segment, offset));
    }

    /// <summary>The length of the record's body when the check holds; else the reason why not.</summary>
    internal static bool TryRead(
        ReadOnlySpan<byte> source, Guid segment, long offset, out RecordType type, out int length, out string? reason)
    {
        type = default;
        length = 0;
        if (source.Length < HeaderSize || !source.StartsWith(Magic))
        {
            reason = "no record magic";
            return false;
        }

        var stated = BinaryPrimitives.ReadUInt32BigEndian(source[8..]);
        if (stated > MaxBody || stated > source.Length - HeaderSize)
        {
            reason = "record length out of range";
            return false;
        }

        var record = source[..(HeaderSize + (int)stated)];
        if (BinaryPrimitives.ReadUInt32BigEndian(source[12..]) != Check(record, segment, offset))
        {
            reason = "record check failed";
            return false;
        }

        if (record[5..8].ContainsAnyExcept((byte)0) || record[4] is 0 or > (byte)RecordType.CommitMark)
        {
            reason = "unknown record type";
            return false;
        }

        type = (RecordType)record[4];
        length = (int)stated;
        reason = null;
        return true;
    }

    private static uint Check(ReadOnlySpan<byte> record, Guid segment, long offset)
    {
        Span<byte> place = stackalloc byte[24];
        segment.TryWriteBytes(place, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(place[16..], offset);
        var crc = Crc32C.Start();
        crc.Append(place);
        crc.Append(record[4..12]);
        crc.Append(record[HeaderSize..]);
        return crc.Value;
    }
}

/// <summary>The bodies of types 1 and 5: which take, and its key wrapped under the segment's.</summary>
internal static class TakeRecord
{
    internal const int IdentitySize = 64;
    internal const int CarriedSize = 40;
    internal const int WrappedSize = 60;

    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Length of the body with sealed facts of a length.</summary>
    internal static int Size(bool carried, int sealedFacts) =>
        IdentitySize + (carried ? CarriedSize : 0) + WrappedSize + sealedFacts;

    /// <summary>Writes a body.</summary>
    /// <param name="body">Exactly as long as the body.</param>
    /// <param name="take">The take.</param>
    /// <param name="chunks">Chunks so far and the head after them, for a carried take; null for a new one.</param>
    /// <param name="head">See <paramref name="chunks"/>.</param>
    /// <param name="wrapped">From <see cref="WrapKey"/>.</param>
    /// <param name="sealedFacts">The facts as sealed JSON.</param>
    internal static void Write(
        Span<byte> body,
        TakeIdentity take,
        ulong? chunks,
        ReadOnlySpan<byte> head,
        ReadOnlySpan<byte> wrapped,
        ReadOnlySpan<byte> sealedFacts)
    {
        take.TakeId.TryWriteBytes(body, bigEndian: true, out _);
        take.CallId.TryWriteBytes(body[16..], bigEndian: true, out _);
        ChunkLayout.WriteName(take.Tenant, body.Slice(32, ChunkLayout.TenantSize));
        var rest = body[IdentitySize..];
        if (chunks is not null)
        {
            BinaryPrimitives.WriteUInt64BigEndian(rest, chunks.Value);
            head.CopyTo(rest[8..]);
            rest = rest[CarriedSize..];
        }

        wrapped.CopyTo(rest);
        sealedFacts.CopyTo(rest[WrappedSize..]);
    }

    /// <summary>nonce ‖ wrapped key ‖ tag, under the segment's key.</summary>
    internal static void WrapKey(
        ReadOnlySpan<byte> segmentKey,
        Guid takeId,
        Guid segmentId,
        ReadOnlySpan<byte> takeKey,
        ReadOnlySpan<byte> nonce,
        Span<byte> destination)
    {
        Span<byte> data = stackalloc byte[32];
        takeId.TryWriteBytes(data, bigEndian: true, out _);
        segmentId.TryWriteBytes(data[16..], bigEndian: true, out _);
        nonce.CopyTo(destination);
        using var aes = new AesGcm(segmentKey, TagSize);
        aes.Encrypt(nonce, takeKey, destination.Slice(NonceSize, 32), destination.Slice(NonceSize + 32, TagSize), data);
    }

    /// <summary>Unwraps a take key; false when the segment key does not fit.</summary>
    internal static bool TryUnwrapKey(
        ReadOnlySpan<byte> segmentKey, Guid takeId, Guid segmentId, ReadOnlySpan<byte> wrapped, Span<byte> takeKey)
    {
        Span<byte> data = stackalloc byte[32];
        takeId.TryWriteBytes(data, bigEndian: true, out _);
        segmentId.TryWriteBytes(data[16..], bigEndian: true, out _);
        try
        {
            using var aes = new AesGcm(segmentKey, TagSize);
            aes.Decrypt(
                wrapped[..NonceSize],
                wrapped.Slice(NonceSize, 32),
                wrapped.Slice(NonceSize + 32, TagSize),
                takeKey[..32],
                data);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
