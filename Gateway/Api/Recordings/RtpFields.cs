using System.Buffers.Binary;

namespace Talreg.Api.Recordings;

/// <summary>The fixed fields of an RTP packet, and where its payload lies.</summary>
/// <remarks>
/// RFC 3550 §5.1:
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
/// |                           timestamp                           |
/// |           synchronization source (SSRC) identifier            |
/// |            contributing source (CSRC) identifiers             |
/// </code>
/// </remarks>
internal readonly record struct RtpFields(uint Ssrc, ushort Sequence, uint Timestamp, byte PayloadType, Range Payload)
{
    private const int FixedLength = 12;
    private const int ExtensionHeaderLength = 4;

    /// <summary>False when the bytes are no whole RTP packet.</summary>
    public static bool TryParse(ReadOnlySpan<byte> packet, out RtpFields fields)
    {
        fields = default;
        if (packet.Length < FixedLength || packet[0] >> 6 != 2)
        {
            return false;
        }

        var start = FixedLength + (4 * (packet[0] & 0x0f));
        if ((packet[0] & 0x10) != 0)
        {
            if (packet.Length < start + ExtensionHeaderLength)
            {
                return false;
            }

            start += ExtensionHeaderLength + (4 * BinaryPrimitives.ReadUInt16BigEndian(packet[(start + 2)..]));
        }

        var padded = (packet[0] & 0x20) != 0;
        var padding = padded ? packet[^1] : 0;
        if (start + padding > packet.Length || (padded && padding == 0))
        {
            return false;
        }

        fields = new RtpFields(
            BinaryPrimitives.ReadUInt32BigEndian(packet[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[4..]),
            (byte)(packet[1] & 0x7f),
            start..(packet.Length - padding));
        return true;
    }
}
