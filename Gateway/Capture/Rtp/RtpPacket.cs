using System.Buffers.Binary;

namespace Talreg.Capture.Rtp;

/// <summary>What a datagram on a media port is.</summary>
internal enum PacketKind
{
    /// <summary>Neither: not stored.</summary>
    Invalid,

    /// <summary>RTP (RFC 3550 §5.1).</summary>
    Rtp,

    /// <summary>RTCP (RFC 3550 §6), on its own port or on the media port (RFC 5761).</summary>
    Rtcp,
}

/// <summary>The fields of an RTP packet that capture looks at, and the checks of RFC 3550 A.1 and A.2.</summary>
/// <remarks><code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
/// |                           timestamp                           |
/// |           synchronization source (SSRC) identifier            |
/// </code></remarks>
internal static class RtpPacket
{
    private const int HeaderSize = 12;
    private const int RtcpHeaderSize = 8;
    private const int FirstRtcpType = 192;
    private const int LastRtcpType = 223;

    /// <summary>Tells what it is. Padding is not checked: it is encrypted in SRTP.</summary>
    internal static PacketKind Classify(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < RtcpHeaderSize || packet[0] >> 6 != 2)
        {
            return PacketKind.Invalid;
        }

        if (packet[1] is >= FirstRtcpType and <= LastRtcpType)
        {
            return PacketKind.Rtcp;
        }

        return HasWholeHeader(packet) ? PacketKind.Rtp : PacketKind.Invalid;
    }

    /// <summary>False for a payload type that, with the marker, reads as RTCP (RFC 5761 §4).</summary>
    internal static bool IsUnambiguous(ReadOnlySpan<byte> packet) =>
        (packet[1] | 0x80) is < FirstRtcpType or > LastRtcpType;

    internal static ushort Sequence(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);

    internal static uint Timestamp(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);

    internal static uint Ssrc(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);

    /// <summary>Where the payload begins, in a packet whose header is whole.</summary>
    internal static int PayloadOffset(ReadOnlySpan<byte> packet)
    {
        var length = HeaderSize + ((packet[0] & 0x0F) * 4);
        return (packet[0] & 0x10) == 0
            ? length
            : length + 4 + (BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]) * 4);
    }

    /// <summary>Who sends an RTCP packet: the SSRC behind its first header.</summary>
    internal static uint Reporter(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);

    // Contributing sources and the extension must lie inside the packet (RFC 3550 §5.3.1).
    private static bool HasWholeHeader(ReadOnlySpan<byte> packet)
    {
        var length = HeaderSize + ((packet[0] & 0x0F) * 4);
        if ((packet[0] & 0x10) == 0)
        {
            return packet.Length >= length;
        }

        return packet.Length >= length + 4
            && packet.Length >= length + 4 + (BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]) * 4);
    }
}
