using System.Buffers.Binary;
using System.Text;

namespace Talreg.Media.Rtp;

/// <summary>A sender's word on its clocks (RFC 3550 §6.4.1): the same moment on its wall clock and its RTP clock.</summary>
/// <param name="Ssrc">The sender.</param>
/// <param name="NtpTime">Seconds since 1900 and 2^-32 of a second.</param>
/// <param name="Timestamp">RTP timestamp.</param>
internal readonly record struct SenderReport(uint Ssrc, ulong NtpTime, uint Timestamp);

/// <summary>
/// What a stored RTCP packet says of clocks: sender reports, and whose wall clock it is (CNAME, RFC 3550 §6.5.1). Malformed
/// packets say nothing.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |V=2|P|  count  |      type     |  length in words, less one    |
/// </code>
/// </summary>
internal static class RtcpView
{
    private const byte SenderReportType = 200;
    private const byte DescriptionType = 202;
    private const byte CanonicalName = 1;
    private const int SenderReportSize = 28;

    /// <summary>Reads a packet; it borrows the bytes only while it reads.</summary>
    /// <param name="packet">A compound packet, as received.</param>
    /// <param name="onReport">Called for each sender report.</param>
    /// <param name="onName">Called for each CNAME, with its SSRC.</param>
    public static void Read(
        ReadOnlySpan<byte> packet, Action<SenderReport> onReport, Action<uint, string> onName)
    {
        while (packet.Length >= 8 && packet[0] >> 6 == 2)
        {
            var length = 4 * (BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) + 1);
            if (length > packet.Length)
            {
                return;
            }

            var part = packet[..length];
            if (part[1] == SenderReportType && length >= SenderReportSize)
            {
                onReport(new SenderReport(
                    BinaryPrimitives.ReadUInt32BigEndian(part[4..]),
                    BinaryPrimitives.ReadUInt64BigEndian(part[8..]),
                    BinaryPrimitives.ReadUInt32BigEndian(part[16..])));
            }
            else if (part[1] == DescriptionType)
            {
                ReadNames(part[4..], part[0] & 0x1F, onName);
            }

            packet = packet[length..];
        }
    }

    // Chunks of an SSRC and items {type, length, text}, ended by a zero byte and filled up to a word.
    private static void ReadNames(ReadOnlySpan<byte> chunks, int count, Action<uint, string> onName)
    {
        for (; count > 0 && chunks.Length >= 8; count--)
        {
            var ssrc = BinaryPrimitives.ReadUInt32BigEndian(chunks);
            var at = 4;
            while (at + 1 < chunks.Length && chunks[at] != 0)
            {
                var length = chunks[at + 1];
                if (at + 2 + length > chunks.Length)
                {
                    return;
                }

                if (chunks[at] == CanonicalName)
                {
                    onName(ssrc, Encoding.Latin1.GetString(chunks.Slice(at + 2, length)));
                }

                at += 2 + length;
            }

            chunks = chunks[Math.Min((at + 4) & ~3, chunks.Length)..];
        }
    }
}
