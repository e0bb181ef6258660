using System.Buffers.Binary;

namespace Talreg.Capture.Rtcp;

/// <summary>
/// Walks a compound RTCP packet in place (RFC 3550 §6.1, §6.4; checks of A.2). It borrows the bytes.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |V=2|P|  count  |      type     |  length in words, less one    |
/// </code>
/// </summary>
internal ref struct RtcpReader
{
    /// <summary>SR.</summary>
    internal const byte SenderReportType = 200;

    /// <summary>RR.</summary>
    internal const byte ReceiverReportType = 201;

    /// <summary>SDES.</summary>
    internal const byte DescriptionType = 202;

    /// <summary>BYE.</summary>
    internal const byte ByeType = 203;

    private const int HeaderSize = 4;
    private const int SenderReportSize = 28;

    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins to read what <see cref="IsCompound"/> accepts.</summary>
    internal RtcpReader(ReadOnlySpan<byte> packet)
    {
        _rest = packet;
        Current = default;
    }

    /// <summary>The packet stood at, header included.</summary>
    internal ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Its type.</summary>
    internal readonly byte Type => Current[1];

    /// <summary>Its count: report blocks, chunks or sources.</summary>
    internal readonly int Count => Current[0] & 0x1F;

    /// <summary>
    /// Tells whether the lengths of the packets within add up to the whole, the first is a report, and only the last is padded
    /// (RFC 3550 A.2).
    /// </summary>
    internal static bool IsCompound(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 2 * HeaderSize || packet[1] is not (SenderReportType or ReceiverReportType)
            || (packet[0] & 0x20) != 0)
        {
            return false;
        }

        while (packet.Length >= HeaderSize)
        {
            var length = Length(packet);
            if (packet[0] >> 6 != 2 || length > packet.Length || ((packet[0] & 0x20) != 0 && length < packet.Length))
            {
                return false;
            }

            packet = packet[length..];
        }

        return packet.IsEmpty;
    }

    /// <summary>Goes on to the next packet.</summary>
    internal bool MoveNext()
    {
        if (_rest.Length < HeaderSize || Length(_rest) > _rest.Length)
        {
            return false;
        }

        Current = _rest[..Length(_rest)];
        _rest = _rest[Current.Length..];
        return true;
    }

    /// <summary>Reads the sender's part of a sender report (RFC 3550 §6.4.1).</summary>
    internal readonly bool TryReadSender(out SenderReport report)
    {
        report = default;
        if (Type != SenderReportType || Current.Length < SenderReportSize)
        {
            return false;
        }

        report = new SenderReport(
            BinaryPrimitives.ReadUInt32BigEndian(Current[4..]),
            BinaryPrimitives.ReadUInt64BigEndian(Current[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(Current[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(Current[20..]),
            BinaryPrimitives.ReadUInt32BigEndian(Current[24..]));
        return true;
    }

    private static int Length(ReadOnlySpan<byte> packet) =>
        4 * (BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) + 1);
}
