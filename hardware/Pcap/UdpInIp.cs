using System.Buffers.Binary;

namespace Talreg.Hardware.Pcap;

/// <summary>What an IP packet turned out to be.</summary>
internal enum IpVerdict
{
    /// <summary>A UDP datagram.</summary>
    Udp,

    /// <summary>Something else.</summary>
    Other,

    /// <summary>A fragment; fragments are counted, not put together.</summary>
    Fragment,

    /// <summary>Its headers contradict themselves or are cut off.</summary>
    Malformed,
}

/// <summary>A UDP datagram inside an IP packet (RFC 768, RFC 791, RFC 8200). Checksums are not looked at.</summary>
internal readonly ref struct UdpInIp
{
    private const int Udp = 17;
    private const int UdpHeaderBytes = 8;
    private const int IPv4HeaderBytes = 20;
    private const int IPv6HeaderBytes = 40;
    private const int MaxExtensions = 16;

    // Extension headers of IPv6 that may stand before UDP.
    private const int HopByHop = 0;
    private const int Routing = 43;
    private const int Fragment = 44;
    private const int Authentication = 51;
    private const int DestinationOptions = 60;
    private const int Mobility = 135;
    private const int HostIdentity = 139;
    private const int Shim6 = 140;

    /// <summary>Sender.</summary>
    internal required SourceAddress Source { get; init; }

    /// <summary>Receiver.</summary>
    internal required SourceAddress Destination { get; init; }

    /// <summary>The payload, as far as it was kept.</summary>
    internal required ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>True when the capture cut it off.</summary>
    internal required bool IsTruncated { get; init; }

    /// <summary>Reads an IP packet of either version.</summary>
    internal static IpVerdict Read(ReadOnlySpan<byte> packet, out UdpInIp datagram)
    {
        datagram = default;
        return packet.IsEmpty ? IpVerdict.Malformed : (packet[0] >> 4) switch
        {
            4 => ReadIPv4(packet, out datagram),
            6 => ReadIPv6(packet, out datagram),
            _ => IpVerdict.Malformed,
        };
    }

    //  0                   1                   2                   3      RFC 791 §3.1
    // |Version|  IHL  |Type of Service|          Total Length         |
    // |         Identification        |Flags|      Fragment Offset    |
    // |  Time to Live |    Protocol   |         Header Checksum       |
    // |                       Source Address                          |
    // |                    Destination Address                        |
    // |                    Options                    |    Padding    |
    private static IpVerdict ReadIPv4(ReadOnlySpan<byte> packet, out UdpInIp datagram)
    {
        datagram = default;
        var header = (packet[0] & 0x0F) * 4;
        if (packet.Length < IPv4HeaderBytes || header < IPv4HeaderBytes || packet.Length < header)
        {
            return IpVerdict.Malformed;
        }

        // The first segment of an offloaded send is captured before its length is known.
        var total = (int)BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        total = total == 0 ? packet.Length : total;
        if (total < header)
        {
            return IpVerdict.Malformed;
        }

        if ((BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3FFF) != 0)
        {
            return IpVerdict.Fragment;
        }

        if (packet[9] != Udp)
        {
            return IpVerdict.Other;
        }

        var source = SourceAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(packet[12..]), 0);
        var destination = SourceAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(packet[16..]), 0);
        return ReadUdp(packet[header..Math.Min(total, packet.Length)], source, destination, out datagram);
    }

    // Version, class, label (4); payload length (2); next header (1); hop limit (1); two addresses (RFC 8200 §3).
    private static IpVerdict ReadIPv6(ReadOnlySpan<byte> packet, out UdpInIp datagram)
    {
        datagram = default;
        if (packet.Length < IPv6HeaderBytes)
        {
            return IpVerdict.Malformed;
        }

        var payload = (int)BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        var rest = packet[IPv6HeaderBytes..];
        rest = payload == 0 ? rest : rest[..Math.Min(payload, rest.Length)];
        int next = packet[6];
        for (var extensions = 0; next != Udp; extensions++)
        {
            if (ExtensionBytes(next, rest) is not { } bytes)
            {
                return IpVerdict.Other;
            }

            if (extensions == MaxExtensions || rest.Length < 8 || rest.Length < bytes)
            {
                return IpVerdict.Malformed;
            }

            // One that is whole in itself is no fragment (RFC 6946).
            if (next == Fragment && (BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) & 0xFFF9) != 0)
            {
                return IpVerdict.Fragment;
            }

            next = rest[0];
            rest = rest[bytes..];
        }

        return ReadUdp(
            rest, SourceAddress.FromIPv6(packet[8..24], 0), SourceAddress.FromIPv6(packet[24..40], 0), out datagram);
    }

    // Null for what is no extension header; else its length, once its second byte is there.
    private static int? ExtensionBytes(int next, ReadOnlySpan<byte> header) => next switch
    {
        HopByHop or Routing or DestinationOptions or Mobility or HostIdentity or Shim6 =>
            header.Length < 2 ? 0 : (header[1] + 1) * 8,
        Authentication => header.Length < 2 ? 0 : (header[1] + 2) * 4,
        Fragment => 8,
        _ => null,
    };

    // Source port, destination port, length with header, checksum.
    private static IpVerdict ReadUdp(
        ReadOnlySpan<byte> segment, SourceAddress source, SourceAddress destination, out UdpInIp datagram)
    {
        datagram = default;
        if (segment.Length < UdpHeaderBytes)
        {
            return IpVerdict.Malformed;
        }

        var length = (int)BinaryPrimitives.ReadUInt16BigEndian(segment[4..]);
        if (length < UdpHeaderBytes)
        {
            return IpVerdict.Malformed;
        }

        datagram = new UdpInIp
        {
            Source = source with { Port = BinaryPrimitives.ReadUInt16BigEndian(segment) },
            Destination = destination with { Port = BinaryPrimitives.ReadUInt16BigEndian(segment[2..]) },
            Payload = segment[UdpHeaderBytes..Math.Min(length, segment.Length)],
            IsTruncated = length > segment.Length,
        };
        return IpVerdict.Udp;
    }
}
