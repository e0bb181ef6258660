using System.Buffers.Binary;
using System.Net;

namespace Talreg.Evidence.Chunks;

/// <summary>Flags of a frame (FORMAT.md §2, plain text).</summary>
[Flags]
public enum FrameFlags : byte
{
    /// <summary>A media packet from the stream's own source.</summary>
    None = 0,

    /// <summary>A control packet (RFC 3550 §6).</summary>
    Rtcp = 0x01,

    /// <summary>From another source than the stream's.</summary>
    Foreign = 0x02,

    /// <summary>The kernel gave no timestamp: arrival is when the datagram was read.</summary>
    EstimatedArrival = 0x04,

    /// <summary>Defines a source instead of carrying a packet.</summary>
    Source = 0x80,
}

/// <summary>
/// Writes the frames of a chunk's plain text into the caller's buffer. Frames go one after another; a source is defined
/// before the first packet that names it, in every chunk anew. No allocation, no state.
/// </summary>
public static class FrameWriter
{
    /// <summary>Size of a frame's header, in bytes.</summary>
    public const int HeaderSize = 12;

    /// <summary>The largest source frame: that of an IPv6 address, in bytes.</summary>
    public const int MaxSourceFrame = HeaderSize + 2 + 16;

    /// <summary>How many sources one chunk may define.</summary>
    public const int MaxSources = 256;

    /// <summary>The longest packet one chunk can hold beside its source, in bytes.</summary>
    public const int MaxPacket = ChunkHeader.MaxPlainText - MaxSourceFrame - HeaderSize;

    /// <summary>Size of the frame of a packet, in bytes.</summary>
    public static int FrameSize(int packetLength) => HeaderSize + packetLength;

    /// <summary>Size of the frame that defines a source with an address of 4 or 16 bytes, in bytes.</summary>
    public static int SourceFrameSize(int addressLength) => HeaderSize + 2 + addressLength;

    /// <summary>Writes a packet as received.</summary>
    /// <param name="destination">At least <see cref="FrameSize"/> bytes.</param>
    /// <param name="flags">Flags, without <see cref="FrameFlags.Source"/>.</param>
    /// <param name="source">Index of a source defined before in this chunk.</param>
    /// <param name="arrivalNs">Arrival, in nanoseconds of CLOCK_MONOTONIC.</param>
    /// <param name="packet">The packet; copied.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteFrame(
        Span<byte> destination, FrameFlags flags, byte source, long arrivalNs, ReadOnlySpan<byte> packet)
    {
        WriteHeader(destination, packet.Length, flags & ~FrameFlags.Source, source, arrivalNs);
        packet.CopyTo(destination[HeaderSize..]);
        return HeaderSize + packet.Length;
    }

    /// <summary>Defines the next source of the chunk.</summary>
    /// <param name="destination">At least <see cref="SourceFrameSize"/> bytes.</param>
    /// <param name="index">The index it gets: 0 for the chunk's first, then one more each.</param>
    /// <param name="address">4 bytes (IPv4) or 16 bytes (IPv6), network order.</param>
    /// <param name="port">UDP port.</param>
    /// <param name="arrivalNs">Arrival of the packet that made it known, in nanoseconds of CLOCK_MONOTONIC.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteSource(
        Span<byte> destination, byte index, ReadOnlySpan<byte> address, ushort port, long arrivalNs)
    {
        if (address.Length is not (4 or 16))
        {
            throw new ArgumentException("An address has 4 or 16 bytes.", nameof(address));
        }

        WriteHeader(destination, 2 + address.Length, FrameFlags.Source, index, arrivalNs);
        BinaryPrimitives.WriteUInt16BigEndian(destination[HeaderSize..], port);
        address.CopyTo(destination[(HeaderSize + 2)..]);
        return HeaderSize + 2 + address.Length;
    }

    /// <summary>Defines the next source of the chunk; the parameters are those of the other overload.</summary>
    public static int WriteSource(Span<byte> destination, byte index, IPEndPoint source, long arrivalNs)
    {
        ArgumentNullException.ThrowIfNull(source);
        Span<byte> address = stackalloc byte[16];
        source.Address.TryWriteBytes(address, out var length);
        return WriteSource(destination, index, address[..length], (ushort)source.Port, arrivalNs);
    }

    private static void WriteHeader(Span<byte> destination, int length, FrameFlags flags, byte source, long arrivalNs)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, checked((ushort)length));
        destination[2] = (byte)flags;
        destination[3] = source;
        BinaryPrimitives.WriteInt64BigEndian(destination[4..], arrivalNs);
    }
}
