using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Talreg.Hardware;

/// <summary>What is to be known of a datagram beside its bytes.</summary>
[Flags]
public enum DatagramFlags : byte
{
    /// <summary>Nothing of note.</summary>
    None = 0,

    /// <summary>The arrival time is when the datagram was read, or the clock was stepped since it arrived.</summary>
    EstimatedArrival = 1,

    /// <summary>The datagram was longer than the device's buffer: its end is missing.</summary>
    Truncated = 2,
}

/// <summary>
/// One datagram in the device's memory. The device owns the bytes; they are valid until the sink's method returns, on the
/// shard's thread only.
/// </summary>
public readonly unsafe struct Datagram
{
    private readonly nint _address;

    /// <summary>Describes bytes at a fixed address.</summary>
    /// <param name="address">First byte, in native or pinned memory.</param>
    /// <param name="length">Length, in bytes.</param>
    /// <param name="localPort">The local UDP port it was sent to.</param>
    /// <param name="arrivalNs">Arrival, in nanoseconds of CLOCK_MONOTONIC.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="flags">What else is to be known.</param>
    public Datagram(
        nint address, int length, ushort localPort, long arrivalNs, SourceAddress source, DatagramFlags flags)
    {
        _address = address;
        Length = length;
        LocalPort = localPort;
        ArrivalNs = arrivalNs;
        Source = source;
        Flags = flags;
    }

    /// <summary>Length of the payload, in bytes.</summary>
    public int Length { get; }

    /// <summary>The local UDP port it was sent to.</summary>
    public ushort LocalPort { get; }

    /// <summary>What else is to be known.</summary>
    public DatagramFlags Flags { get; }

    /// <summary>Arrival, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public long ArrivalNs { get; }

    /// <summary>Who sent it.</summary>
    public SourceAddress Source { get; }

    /// <summary>The payload.</summary>
    public ReadOnlySpan<byte> Bytes => new((void*)_address, Length);

    /// <summary>The same, arrived at another time.</summary>
    internal Datagram At(long arrivalNs) => new(_address, Length, LocalPort, arrivalNs, Source, Flags);
}

/// <summary>
/// Datagrams of one shard, of one local port or of many: each says its own. Per port they are in the order of arrival.
/// </summary>
public readonly ref struct DatagramBatch
{
    /// <summary>The shard that read them.</summary>
    public required int Shard { get; init; }

    /// <summary>What to add to arrival times to get Unix time, in nanoseconds, as measured before this read.</summary>
    public required long RealTimeOffsetNs { get; init; }

    /// <summary>The datagrams. At least one.</summary>
    public required ReadOnlySpan<Datagram> Datagrams { get; init; }
}

/// <summary>An address and port by value: 16 bytes (IPv4 is mapped, RFC 4291 §2.5.5.2) and a UDP port.</summary>
/// <param name="High">First 8 bytes of the address, big-endian.</param>
/// <param name="Low">Last 8 bytes of the address, big-endian.</param>
/// <param name="Port">UDP port.</param>
public readonly record struct SourceAddress(ulong High, ulong Low, ushort Port)
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>True for a mapped IPv4 address.</summary>
    public bool IsIPv4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>Length of the address in its own family: 4 or 16 bytes.</summary>
    public int AddressLength => IsIPv4 ? 4 : 16;

    /// <summary>An IPv4 address.</summary>
    /// <param name="address">The address in host order.</param>
    /// <param name="port">UDP port.</param>
    public static SourceAddress FromIPv4(uint address, ushort port) => new(0, MappedPrefix | address, port);

    /// <summary>An IPv6 address from its 16 bytes.</summary>
    public static SourceAddress FromIPv6(ReadOnlySpan<byte> address, ushort port) => new(
        BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), port);

    /// <summary>From an end point of either family.</summary>
    public static SourceAddress From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Span<byte> bytes = stackalloc byte[16];
        endPoint.Address.TryWriteBytes(bytes, out _);
        return endPoint.AddressFamily == AddressFamily.InterNetwork
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes), (ushort)endPoint.Port)
            : FromIPv6(bytes, (ushort)endPoint.Port);
    }

    /// <summary>True when both have the same address, whatever their ports.</summary>
    public bool HasSameAddress(SourceAddress other) => High == other.High && Low == other.Low;

    /// <summary>Writes the address in its own family, network order.</summary>
    /// <returns>Bytes written: 4 or 16.</returns>
    public int WriteAddress(Span<byte> destination)
    {
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Low);
            return 4;
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
        return 16;
    }

    /// <summary>As an object; allocates.</summary>
    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        var length = WriteAddress(bytes);
        return new IPEndPoint(new IPAddress(bytes[..length]), Port);
    }
}
