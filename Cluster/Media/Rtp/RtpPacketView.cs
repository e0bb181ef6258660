using System.Buffers.Binary;

namespace Talreg.Media.Rtp;

/// <summary>Why bytes are not an RTP packet.</summary>
public enum RtpFault
{
    /// <summary>They are one.</summary>
    None,

    /// <summary>Fewer than the 12 bytes of the fixed header.</summary>
    TooShort,

    /// <summary>The version is not 2.</summary>
    WrongVersion,

    /// <summary>The CSRC list is cut off.</summary>
    CsrcCutOff,

    /// <summary>The extension is cut off.</summary>
    ExtensionCutOff,

    /// <summary>The padding count is zero or longer than what follows the header.</summary>
    BadPadding,
}

/// <summary>
/// Reads an RTP packet in place (RFC 3550 §5.1). It borrows the bytes: valid as long as they are.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           timestamp                           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |           synchronization source (SSRC) identifier            |
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// |            contributing source (CSRC) identifiers             |
/// |                             ....                              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// </summary>
public readonly ref struct RtpPacketView
{
    /// <summary>Bytes of the fixed header.</summary>
    public const int FixedHeaderSize = 12;

    private readonly ReadOnlySpan<byte> _packet;
    private readonly int _extensionOffset;

    private RtpPacketView(ReadOnlySpan<byte> packet, int extensionOffset, int payloadOffset, int payloadLength)
    {
        _packet = packet;
        _extensionOffset = extensionOffset;
        PayloadOffset = payloadOffset;
        Payload = packet.Slice(payloadOffset, payloadLength);
    }

    /// <summary>The marker bit: for audio, the first packet after silence (RFC 3551 §4.1).</summary>
    public bool Marker => (_packet[1] & 0x80) != 0;

    /// <summary>The payload type, 0-127.</summary>
    public byte PayloadType => (byte)(_packet[1] & 0x7F);

    /// <summary>The sequence number.</summary>
    public ushort SequenceNumber => BinaryPrimitives.ReadUInt16BigEndian(_packet[2..]);

    /// <summary>The timestamp, in units of the payload's clock rate.</summary>
    public uint Timestamp => BinaryPrimitives.ReadUInt32BigEndian(_packet[4..]);

    /// <summary>The synchronisation source.</summary>
    public uint Ssrc => BinaryPrimitives.ReadUInt32BigEndian(_packet[8..]);

    /// <summary>Number of contributing sources, 0-15.</summary>
    public int CsrcCount => _packet[0] & 0x0F;

    /// <summary>True when a header extension is present.</summary>
    public bool HasExtension => (_packet[0] & 0x10) != 0;

    /// <summary>The extension's "defined by profile" field; 0 without an extension (RFC 3550 §5.3.1).</summary>
    public ushort ExtensionProfile =>
        HasExtension ? BinaryPrimitives.ReadUInt16BigEndian(_packet[_extensionOffset..]) : (ushort)0;

    /// <summary>The extension's data without its four-byte head; empty without an extension.</summary>
    public ReadOnlySpan<byte> ExtensionData =>
        HasExtension ? _packet[(_extensionOffset + 4)..PayloadOffset] : default;

    /// <summary>Where the payload starts, in bytes from the packet's first.</summary>
    public int PayloadOffset { get; }

    /// <summary>The payload without padding; may be empty.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>One contributing source.</summary>
    /// <param name="index">0-based, below <see cref="CsrcCount"/>.</param>
    public uint Csrc(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)CsrcCount, nameof(index));
        return BinaryPrimitives.ReadUInt32BigEndian(_packet[(FixedHeaderSize + (4 * index))..]);
    }

    /// <summary>Reads a packet; the reason of a refusal is named.</summary>
    /// <param name="packet">Exactly one datagram.</param>
    /// <param name="view">The packet, borrowed from <paramref name="packet"/>.</param>
    /// <param name="fault">Why not, or <see cref="RtpFault.None"/>.</param>
    public static bool TryParse(ReadOnlySpan<byte> packet, out RtpPacketView view, out RtpFault fault)
    {
        view = default;
        fault = Measure(packet, out var extension, out var offset, out var length);
        if (fault != RtpFault.None)
        {
            return false;
        }

        view = new RtpPacketView(packet, extension, offset, length);
        return true;
    }

    private static RtpFault Measure(ReadOnlySpan<byte> packet, out int extension, out int offset, out int length)
    {
        extension = offset = length = 0;
        if (packet.Length < FixedHeaderSize)
        {
            return RtpFault.TooShort;
        }

        if (packet[0] >> 6 != 2)
        {
            return RtpFault.WrongVersion;
        }

        offset = extension = FixedHeaderSize + (4 * (packet[0] & 0x0F));
        if (offset > packet.Length)
        {
            return RtpFault.CsrcCutOff;
        }

        if ((packet[0] & 0x10) != 0)
        {
            if (packet.Length - offset < 4)
            {
                return RtpFault.ExtensionCutOff;
            }

            offset += 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(packet[(offset + 2)..]));
            if (offset > packet.Length)
            {
                return RtpFault.ExtensionCutOff;
            }
        }

        length = packet.Length - offset;
        if ((packet[0] & 0x20) == 0)
        {
            return RtpFault.None;
        }

        // The last byte counts the padding, itself included.
        int padding = packet[^1];
        if (padding == 0 || padding > length)
        {
            return RtpFault.BadPadding;
        }

        length -= padding;
        return RtpFault.None;
    }
}
