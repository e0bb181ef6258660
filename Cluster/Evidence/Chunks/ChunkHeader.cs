using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Talreg.Evidence.Chunks;

/// <summary>The clear, authenticated header of a chunk: FORMAT.md §2.</summary>
public readonly struct ChunkHeader
{
    /// <summary>Size of the header, in bytes.</summary>
    public const int Size = 208;

    /// <summary>Size of the authentication tag behind the ciphertext, in bytes.</summary>
    public const int TagSize = 16;

    /// <summary>The most plain text a chunk holds, in bytes.</summary>
    public const int MaxPlainText = 16 * 1024;

    /// <summary>The largest chunk, in bytes.</summary>
    public const int MaxChunk = Size + MaxPlainText + TagSize;

    /// <summary>The call's side of it: flags, stream, slot, packets and times.</summary>
    public required ChunkFacts Facts { get; init; }

    /// <summary>The take.</summary>
    public required Guid TakeId { get; init; }

    /// <summary>The customer.</summary>
    public required string Tenant { get; init; }

    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>1 for the take's first chunk, without holes over all its streams.</summary>
    public required ulong Index { get; init; }

    /// <summary>The epoch of the interface.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>The start of the process that wrote it.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>The boot of the machine whose monotonic clock is meant.</summary>
    public required Guid BootId { get; init; }

    /// <summary>Length of the ciphertext, in bytes; the plain text is as long.</summary>
    public required int Length { get; init; }

    /// <summary>Commitment to the slot key.</summary>
    public required ChunkHash Commitment { get; init; }

    /// <summary>Length of header, ciphertext and tag together, in bytes.</summary>
    public int TotalLength => Size + Length + TagSize;

    /// <summary>Writes the 208 bytes.</summary>
    /// <exception cref="ArgumentException">A name does not fit its field, or a number is out of range.</exception>
    public void Write(Span<byte> destination)
    {
        WriteTake(destination, new TakeIdentity
        {
            CallId = default, TakeId = TakeId, Tenant = Tenant, Site = Site, Epoch = Epoch,
        });
        Incarnation.TryWriteBytes(destination[ChunkLayout.IncarnationOffset..], bigEndian: true, out _);
        BootId.TryWriteBytes(destination[ChunkLayout.BootIdOffset..], bigEndian: true, out _);
        WriteChunk(destination, Facts, Index, Length);
        var commitment = Commitment;
        commitment[..].CopyTo(destination[ChunkLayout.CommitmentOffset..]);
    }

    /// <summary>Reads and checks the header at the front of <paramref name="source"/>.</summary>
    /// <param name="source">At least 208 bytes; what follows is not looked at.</param>
    /// <param name="header">The header.</param>
    /// <param name="reason">Why it was refused; null on success.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> source, out ChunkHeader header, [NotNullWhen(false)] out string? reason)
    {
        header = default;
        reason = Refuse(source);
        if (reason is not null)
        {
            return false;
        }

        if (!ChunkLayout.TryReadName(source.Slice(ChunkLayout.TenantOffset, ChunkLayout.TenantSize), out var tenant))
        {
            reason = "tenant is not a name";
            return false;
        }

        if (!ChunkLayout.TryReadName(source.Slice(ChunkLayout.SiteOffset, ChunkLayout.SiteSize), out var site))
        {
            reason = "site is not a name";
            return false;
        }

        header = new ChunkHeader
        {
            Facts = ReadFacts(source),
            TakeId = new Guid(source.Slice(ChunkLayout.TakeOffset, 16), bigEndian: true),
            Tenant = tenant,
            Site = site,
            Index = BinaryPrimitives.ReadUInt64BigEndian(source[ChunkLayout.IndexOffset..]),
            Epoch = BinaryPrimitives.ReadUInt64BigEndian(source[ChunkLayout.EpochOffset..]),
            Incarnation = new Guid(source.Slice(ChunkLayout.IncarnationOffset, 16), bigEndian: true),
            BootId = new Guid(source.Slice(ChunkLayout.BootIdOffset, 16), bigEndian: true),
            Length = BinaryPrimitives.ReadInt32BigEndian(source[ChunkLayout.LengthOffset..]),
            Commitment = new ChunkHash(source.Slice(ChunkLayout.CommitmentOffset, ChunkHash.Size)),
        };
        return true;
    }

    /// <summary>The facts of a header that was checked before.</summary>
    internal static ChunkFacts ReadFacts(ReadOnlySpan<byte> source) => new()
    {
        Flags = (ChunkFlags)BinaryPrimitives.ReadUInt32BigEndian(source[ChunkLayout.FlagsOffset..]),
        Stream = BinaryPrimitives.ReadUInt16BigEndian(source[ChunkLayout.StreamOffset..]),
        Slot = BinaryPrimitives.ReadUInt32BigEndian(source[ChunkLayout.SlotOffset..]),
        Packets = BinaryPrimitives.ReadUInt32BigEndian(source[ChunkLayout.PacketsOffset..]),
        FirstArrivalNs = BinaryPrimitives.ReadInt64BigEndian(source[ChunkLayout.FirstArrivalOffset..]),
        LastArrivalNs = BinaryPrimitives.ReadInt64BigEndian(source[ChunkLayout.LastArrivalOffset..]),
        RealTimeOffsetNs = BinaryPrimitives.ReadInt64BigEndian(source[ChunkLayout.RealTimeOffsetOffset..]),
        ClockQuality = (ClockQuality)source[ChunkLayout.ClockQualityOffset],
        MaxClockErrorUs = BinaryPrimitives.ReadUInt32BigEndian(source[ChunkLayout.MaxClockErrorOffset..]),
    };

    /// <summary>Clears the header and writes what stays the same through a take.</summary>
    internal static void WriteTake(Span<byte> header, TakeIdentity take)
    {
        if (!ChunkLayout.IsName(take.Tenant, ChunkLayout.TenantSize))
        {
            throw new ArgumentException($"'{take.Tenant}' is no tenant's name (1 to 32 of a-z 0-9 -).", nameof(take));
        }

        if (!ChunkLayout.IsName(take.Site, ChunkLayout.SiteSize))
        {
            throw new ArgumentException($"'{take.Site}' is not a site's name (1 to 16 of a-z 0-9 -).", nameof(take));
        }

        header[..Size].Clear();
        ChunkLayout.Magic.CopyTo(header);
        header[ChunkLayout.VersionOffset] = ChunkLayout.Version;
        header[ChunkLayout.KindOffset] = ChunkLayout.KindRtp;
        BinaryPrimitives.WriteUInt16BigEndian(header[ChunkLayout.HeaderLengthOffset..], Size);
        take.TakeId.TryWriteBytes(header[ChunkLayout.TakeOffset..], bigEndian: true, out _);
        ChunkLayout.WriteName(take.Tenant, header.Slice(ChunkLayout.TenantOffset, ChunkLayout.TenantSize));
        ChunkLayout.WriteName(take.Site, header.Slice(ChunkLayout.SiteOffset, ChunkLayout.SiteSize));
        BinaryPrimitives.WriteUInt64BigEndian(header[ChunkLayout.EpochOffset..], take.Epoch);
    }

    /// <summary>Writes what changes from chunk to chunk, except the commitment.</summary>
    internal static void WriteChunk(Span<byte> header, in ChunkFacts facts, ulong index, int length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(index);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxPlainText);
        BinaryPrimitives.WriteUInt32BigEndian(header[ChunkLayout.FlagsOffset..], (uint)facts.Flags);
        BinaryPrimitives.WriteUInt16BigEndian(header[ChunkLayout.StreamOffset..], facts.Stream);
        BinaryPrimitives.WriteUInt64BigEndian(header[ChunkLayout.IndexOffset..], index);
        BinaryPrimitives.WriteUInt32BigEndian(header[ChunkLayout.SlotOffset..], facts.Slot);
        BinaryPrimitives.WriteUInt32BigEndian(header[ChunkLayout.PacketsOffset..], facts.Packets);
        BinaryPrimitives.WriteInt64BigEndian(header[ChunkLayout.FirstArrivalOffset..], facts.FirstArrivalNs);
        BinaryPrimitives.WriteInt64BigEndian(header[ChunkLayout.LastArrivalOffset..], facts.LastArrivalNs);
        BinaryPrimitives.WriteInt64BigEndian(header[ChunkLayout.RealTimeOffsetOffset..], facts.RealTimeOffsetNs);
        header[ChunkLayout.ClockQualityOffset] = (byte)facts.ClockQuality;
        BinaryPrimitives.WriteUInt32BigEndian(header[ChunkLayout.MaxClockErrorOffset..], facts.MaxClockErrorUs);
        BinaryPrimitives.WriteInt32BigEndian(header[ChunkLayout.LengthOffset..], length);
    }

    private static string? Refuse(ReadOnlySpan<byte> source)
    {
        if (source.Length < Size)
        {
            return "shorter than a chunk header";
        }

        if (!source.StartsWith(ChunkLayout.Magic))
        {
            return "no chunk magic";
        }

        if (source[ChunkLayout.VersionOffset] != ChunkLayout.Version)
        {
            return "unknown chunk version";
        }

        if (source[ChunkLayout.KindOffset] != ChunkLayout.KindRtp)
        {
            return "unknown chunk kind";
        }

        if (BinaryPrimitives.ReadUInt16BigEndian(source[ChunkLayout.HeaderLengthOffset..]) != Size)
        {
            return "wrong header length";
        }

        if ((BinaryPrimitives.ReadUInt32BigEndian(source[ChunkLayout.FlagsOffset..]) & ~3u) != 0
            || source.Slice(ChunkLayout.Reserved1Offset, 2).ContainsAnyExcept((byte)0)
            || source.Slice(ChunkLayout.Reserved2Offset, 3).ContainsAnyExcept((byte)0)
            || source.Slice(ChunkLayout.Reserved3Offset, 4).ContainsAnyExcept((byte)0))
        {
            return "reserved bits are set";
        }

        if (BinaryPrimitives.ReadUInt64BigEndian(source[ChunkLayout.IndexOffset..]) == 0)
        {
            return "index is 0";
        }

        if (source[ChunkLayout.ClockQualityOffset] > (byte)ClockQuality.Synchronised)
        {
            return "unknown clock quality";
        }

        return BinaryPrimitives.ReadUInt32BigEndian(source[ChunkLayout.LengthOffset..]) is < 1 or > MaxPlainText
            ? "length out of range"
            : null;
    }
}

/// <summary>32 bytes by value: a hash, a commitment or a chain head.</summary>
[InlineArray(Size)]
public struct ChunkHash : IEquatable<ChunkHash>
{
    /// <summary>Size, in bytes.</summary>
    public const int Size = 32;

    private byte _first;

    /// <summary>Copies 32 bytes.</summary>
    public ChunkHash(ReadOnlySpan<byte> bytes) => bytes[..Size].CopyTo(this);

    /// <inheritdoc />
    public readonly bool Equals(ChunkHash other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    /// <inheritdoc />
    public override readonly bool Equals(object? obj) => obj is ChunkHash other && Equals(other);

    /// <inheritdoc />
    public override readonly int GetHashCode() => System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(this);

    /// <summary>Lower-case hexadecimal.</summary>
    public override readonly string ToString() => Convert.ToHexStringLower(this);

    /// <summary>Equality of all bytes.</summary>
    public static bool operator ==(ChunkHash left, ChunkHash right) => left.Equals(right);

    /// <summary>Inequality of any byte.</summary>
    public static bool operator !=(ChunkHash left, ChunkHash right) => !left.Equals(right);
}
