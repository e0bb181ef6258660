using System.Buffers.Binary;

namespace Talreg.Hardware.Pcap;

/// <summary>
/// The block format (draft-ietf-opsawg-pcapng): sections of either byte order, each with its interfaces; packets in
/// Enhanced and Simple Packet Blocks. Other blocks are stepped over.
/// </summary>
internal sealed class PcapngFile(StreamWindow window) : CaptureFile
{
    /// <summary>The most interfaces of a section.</summary>
    internal const int MaxInterfaces = 1024;

    /// <summary>The longest block.</summary>
    internal const int MaxBlockBytes = 1024 * 1024;

    private const uint SectionBlock = 0x0A0D0D0A;
    private const uint InterfaceBlock = 1;
    private const uint SimplePacketBlock = 3;
    private const uint EnhancedPacketBlock = 6;
    private const uint ByteOrderMagic = 0x1A2B3C4D;
    private const ushort KnownVersion = 1;
    private const int BlockOverhead = 12;
    private const int HeadBytes = 8;
    private const int SectionHeadBytes = 12;

    private readonly List<PcapngInterface> _interfaces = [];
    private bool _isBigEndian;

    internal override bool TryRead(out CapturedFrame frame)
    {
        while (!window.IsAtEnd)
        {
            var at = window.Offset;
            var body = TakeBlock(at, out var type);
            switch (type)
            {
                case SectionBlock:
                    BeginSection(body, at);
                    break;
                case InterfaceBlock:
                    AddInterface(body, at);
                    break;
                case EnhancedPacketBlock:
                    frame = ReadEnhanced(body, at);
                    return true;
                case SimplePacketBlock:
                    frame = ReadSimple(body, at);
                    return true;
                default:
                    break;
            }
        }

        frame = default;
        return false;
    }

    //  0                   1                   2                   3
    // |                          Block Type                           |
    // |                      Block Total Length                       |
    // /                          Block Body                           /
    // |                      Block Total Length                       |
    private ReadOnlySpan<byte> TakeBlock(long at, out uint type)
    {
        var head = window.Peek(HeadBytes);
        type = Word(head, _isBigEndian);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) == SectionBlock)
        {
            // The same in both orders: only what follows tells the section's.
            type = SectionBlock;
            _isBigEndian = ReadByteOrder(window.Peek(SectionHeadBytes)[HeadBytes..], at);
            head = window.Peek(HeadBytes);
        }

        var length = Word(head[4..], _isBigEndian);
        if (length < BlockOverhead || length % 4 != 0 || length > MaxBlockBytes)
        {
            throw Bad(at, $"A block of {length} bytes");
        }

        var block = window.Take((int)length);
        return Word(block[^4..], _isBigEndian) == length
            ? block[HeadBytes..^4]
            : throw Bad(at, "A block whose two lengths differ");
    }

    private static bool ReadByteOrder(ReadOnlySpan<byte> magic, long at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(magic) == ByteOrderMagic ? false
        : BinaryPrimitives.ReadUInt32BigEndian(magic) == ByteOrderMagic ? true
        : throw new CaptureFileException(CaptureFileFault.UnknownFormat, at, "A section of unknown byte order");

    private void BeginSection(ReadOnlySpan<byte> body, long at)
    {
        Need(body, 16, at, "A section header");
        var version = Half(body[4..], _isBigEndian);
        if (version != KnownVersion)
        {
            throw new CaptureFileException(CaptureFileFault.UnknownFormat, at, $"pcapng of version {version}");
        }

        _interfaces.Clear();
    }

    private void AddInterface(ReadOnlySpan<byte> body, long at)
    {
        Need(body, 8, at, "An interface description");
        if (_interfaces.Count == MaxInterfaces)
        {
            throw new CaptureFileException(
                CaptureFileFault.TooManyInterfaces, at, $"More than {MaxInterfaces} interfaces in a section");
        }

        _interfaces.Add(PcapngInterface.Read(body, _isBigEndian, at));
    }

    // Interface, time (upper, lower), kept length, original length, then the packet, padded.
    private CapturedFrame ReadEnhanced(ReadOnlySpan<byte> body, long at)
    {
        Need(body, 20, at, "An enhanced packet");
        var source = Interface(Word(body, _isBigEndian), at);
        var ticks = ((ulong)Word(body[4..], _isBigEndian) << 32) | Word(body[8..], _isBigEndian);
        var kept = Word(body[12..], _isBigEndian);
        return new CapturedFrame
        {
            LinkType = source.LinkType,
            UnixNs = source.ToUnixNs(ticks, at),
            Bytes = Packet(body[20..], kept, at),
        };
    }

    // Original length, then the packet, cut to what the first interface keeps. It has no time.
    private CapturedFrame ReadSimple(ReadOnlySpan<byte> body, long at)
    {
        Need(body, 4, at, "A simple packet");
        var source = Interface(0, at);
        var original = Word(body, _isBigEndian);
        var kept = source.SnapLength == 0 ? original : Math.Min(original, source.SnapLength);
        return new CapturedFrame { LinkType = source.LinkType, UnixNs = null, Bytes = Packet(body[4..], kept, at) };
    }

    private PcapngInterface Interface(uint index, long at) => index < _interfaces.Count
        ? _interfaces[(int)index]
        : throw new CaptureFileException(
            CaptureFileFault.UnknownInterface, at, $"A packet of interface {index}, which was not described");

    private static ReadOnlySpan<byte> Packet(ReadOnlySpan<byte> rest, uint kept, long at) =>
        kept <= MaxFrameBytes && kept <= rest.Length
            ? rest[..(int)kept]
            : throw Bad(at, $"A packet of {kept} bytes in a block that leaves {rest.Length}");

    private static void Need(ReadOnlySpan<byte> body, int bytes, long at, string what)
    {
        if (body.Length < bytes)
        {
            throw Bad(at, $"{what} of {body.Length} bytes");
        }
    }

    private static CaptureFileException Bad(long at, string detail) =>
        new(CaptureFileFault.BadLength, at, detail);
}
