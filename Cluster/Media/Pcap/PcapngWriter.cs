using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Talreg.Media.Pcap;

/// <summary>Why a packet cannot be written.</summary>
public enum PcapngRefusal
{
    /// <summary>It is written.</summary>
    None,

    /// <summary>Source and destination are of different address families.</summary>
    MixedFamilies,

    /// <summary>Longer than an IP packet can carry.</summary>
    TooLarge,
}

/// <summary>
/// Writes RTP and RTCP packets as pcapng (draft-ietf-opsawg-pcapng) behind synthesised IP and UDP headers, link type
/// RAW (101). Blocks are little-endian, times are Unix nanoseconds.
/// <code>
///   Section Header | Interface Description (linktype 101, if_tsresol 9) | Enhanced Packet | Enhanced Packet | ...
///   Enhanced Packet: u32 6 | u32 length | u32 interface | u32 time high | u32 time low | u32 captured | u32 original
///                    | IP header | UDP header | payload | padding to 4 | u32 length
/// </code>
/// It owns nothing: the caller flushes the output. Not safe for several threads at once.
/// </summary>
public sealed class PcapngWriter
{
    private const int UdpHeaderSize = 8;
    private const int Ipv4HeaderSize = 20;
    private const int Ipv6HeaderSize = 40;
    private const int EnhancedPacketOverhead = 32;
    private const byte HopLimit = 64;
    private const byte Udp = 17;

    private readonly IBufferWriter<byte> _output;

    /// <summary>Writes the section header and the one interface.</summary>
    /// <param name="output">Where to write, for example a <c>PipeWriter</c>.</param>
    public PcapngWriter(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
        WriteSectionHeader();
        WriteInterface();
    }

    /// <summary>Writes one datagram.</summary>
    /// <param name="unixNanoseconds">When it arrived, Unix time in nanoseconds.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="destination">Where it arrived.</param>
    /// <param name="payload">The RTP or RTCP packet; copied.</param>
    /// <param name="refusal">Why not, or <see cref="PcapngRefusal.None"/>; a refused packet writes nothing.</param>
    public bool TryWrite(
        long unixNanoseconds,
        IPEndPoint source,
        IPEndPoint destination,
        ReadOnlySpan<byte> payload,
        out PcapngRefusal refusal)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        var from = Unmapped(source.Address);
        var to = Unmapped(destination.Address);
        var isIpv4 = from.AddressFamily == AddressFamily.InterNetwork;
        var ipHeader = isIpv4 ? Ipv4HeaderSize : Ipv6HeaderSize;

        // The length field of IPv4 counts its header, that of IPv6 does not.
        var most = ushort.MaxValue - UdpHeaderSize - (isIpv4 ? Ipv4HeaderSize : 0);
        refusal = from.AddressFamily != to.AddressFamily ? PcapngRefusal.MixedFamilies
            : payload.Length > most ? PcapngRefusal.TooLarge
            : PcapngRefusal.None;
        if (refusal != PcapngRefusal.None)
        {
            return false;
        }

        var captured = ipHeader + UdpHeaderSize + payload.Length;
        var block = StartEnhancedPacket(unixNanoseconds, captured, out var total);
        var packet = block.Slice(28, captured);
        WriteUdp(packet[ipHeader..], source.Port, destination.Port, payload);
        if (isIpv4)
        {
            WriteIpv4(packet, from, to);
            WriteUdpChecksum(packet[12..20], packet[ipHeader..]);
        }
        else
        {
            WriteIpv6(packet, from, to);
            WriteUdpChecksum(packet[8..40], packet[ipHeader..]);
        }

        _output.Advance(total);
        return true;
    }

    private static IPAddress Unmapped(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private Span<byte> StartEnhancedPacket(long unixNanoseconds, int captured, out int total)
    {
        total = EnhancedPacketOverhead + ((captured + 3) & ~3);
        var block = _output.GetSpan(total)[..total];
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block, 6);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], total);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], (uint)(unixNanoseconds >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(block[16..], (uint)unixNanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(block[20..], captured);
        BinaryPrimitives.WriteInt32LittleEndian(block[24..], captured);
        BinaryPrimitives.WriteInt32LittleEndian(block[(total - 4)..], total);
        return block;
    }

    private static void WriteUdp(Span<byte> udp, int source, int destination, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)source);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)destination);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        payload.CopyTo(udp[UdpHeaderSize..]);
    }

    private static void WriteIpv4(Span<byte> packet, IPAddress source, IPAddress destination)
    {
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        packet[6] = 0x40;
        packet[8] = HopLimit;
        packet[9] = Udp;
        source.TryWriteBytes(packet[12..16], out _);
        destination.TryWriteBytes(packet[16..20], out _);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~Fold(Sum(packet[..Ipv4HeaderSize])));
    }

    private static void WriteIpv6(Span<byte> packet, IPAddress source, IPAddress destination)
    {
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(packet.Length - Ipv6HeaderSize));
        packet[6] = Udp;
        packet[7] = HopLimit;
        source.TryWriteBytes(packet[8..24], out _);
        destination.TryWriteBytes(packet[24..40], out _);
    }

    /// <summary>The checksum over pseudo header, UDP header and payload (RFC 768; RFC 8200 §8.1).</summary>
    private static void WriteUdpChecksum(ReadOnlySpan<byte> addresses, Span<byte> udp)
    {
        var checksum = (ushort)~Fold(Sum(addresses) + Sum(udp) + Udp + (uint)udp.Length);

        // Zero on the line means "not computed".
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? ushort.MaxValue : checksum);
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        var i = 0;
        for (; i + 1 < bytes.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        }

        return i < bytes.Length ? sum + ((uint)bytes[i] << 8) : sum;
    }

    private static ushort Fold(uint sum)
    {
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }

    private void WriteSectionHeader()
    {
        const int size = 28;
        var block = _output.GetSpan(size)[..size];
        BinaryPrimitives.WriteUInt32LittleEndian(block, 0x0A0D0D0A);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], size);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], 0x1A2B3C4D);
        BinaryPrimitives.WriteUInt16LittleEndian(block[12..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(block[14..], 0);

        // -1: the length of the section is not known while it is streamed.
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], -1);
        BinaryPrimitives.WriteInt32LittleEndian(block[24..], size);
        _output.Advance(size);
    }

    private void WriteInterface()
    {
        const int size = 32;
        var block = _output.GetSpan(size)[..size];
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block, 1);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], size);
        BinaryPrimitives.WriteUInt16LittleEndian(block[8..], 101);

        // Option 9, if_tsresol: one byte, 10^-9 s; then the end of options.
        BinaryPrimitives.WriteUInt16LittleEndian(block[16..], 9);
        BinaryPrimitives.WriteUInt16LittleEndian(block[18..], 1);
        block[20] = 9;
        BinaryPrimitives.WriteInt32LittleEndian(block[28..], size);
        _output.Advance(size);
    }
}
