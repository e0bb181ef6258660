using System.Buffers.Binary;

namespace Talreg.Hardware.Pcap;

/// <summary>Strips a frame of its link header, and of VLAN tags (IEEE 802.1Q, 802.1ad), down to the IP packet.</summary>
internal static class LinkLayer
{
    /// <summary>LINKTYPE_ETHERNET.</summary>
    internal const int Ethernet = 1;

    /// <summary>LINKTYPE_RAW: an IP packet of either version.</summary>
    internal const int Raw = 101;

    /// <summary>LINKTYPE_LINUX_SLL: what <c>tcpdump -i any</c> wrote for long.</summary>
    internal const int LinuxCooked = 113;

    /// <summary>LINKTYPE_IPV4.</summary>
    internal const int IPv4 = 228;

    /// <summary>LINKTYPE_IPV6.</summary>
    internal const int IPv6 = 229;

    /// <summary>LINKTYPE_LINUX_SLL2: what it writes now.</summary>
    internal const int LinuxCooked2 = 276;

    private const ushort EtherTypeIPv4 = 0x0800;
    private const ushort EtherTypeIPv6 = 0x86DD;
    private const ushort EtherTypeVlan = 0x8100;
    private const ushort EtherTypeServiceVlan = 0x88A8;
    private const ushort EtherTypeOldServiceVlan = 0x9100;
    private const int MaxTags = 4;
    private const int TagBytes = 4;

    /// <summary>True when frames of this link type can be read.</summary>
    internal static bool IsKnown(int linkType) =>
        linkType is Ethernet or Raw or LinuxCooked or IPv4 or IPv6 or LinuxCooked2;

    /// <summary>Finds the IP packet in a frame.</summary>
    /// <returns>False when it carries none: ARP and the like, or a header that is cut off.</returns>
    internal static bool TryStrip(int linkType, ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> packet)
    {
        packet = default;
        switch (linkType)
        {
            case Raw or IPv4 or IPv6:
                packet = frame;
                return !frame.IsEmpty;
            case Ethernet:
                return TryStrip(frame, typeAt: 12, headerBytes: 14, out packet);
            case LinuxCooked:
                return TryStrip(frame, typeAt: 14, headerBytes: 16, out packet);
            case LinuxCooked2:
                return TryStrip(frame, typeAt: 0, headerBytes: 20, out packet);
            default:
                return false;
        }
    }

    // A tag is control information and the type of what follows it.
    private static bool TryStrip(ReadOnlySpan<byte> frame, int typeAt, int headerBytes, out ReadOnlySpan<byte> packet)
    {
        packet = default;
        if (frame.Length < headerBytes)
        {
            return false;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(frame[typeAt..]);
        var rest = frame[headerBytes..];
        for (var tags = 0; type is EtherTypeVlan or EtherTypeServiceVlan or EtherTypeOldServiceVlan; tags++)
        {
            if (tags == MaxTags || rest.Length < TagBytes)
            {
                return false;
            }

            type = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            rest = rest[TagBytes..];
        }

        packet = rest;
        return type is EtherTypeIPv4 or EtherTypeIPv6;
    }
}
