using System.Buffers.Binary;

namespace Talreg.Hardware.Pcap;

/// <summary>A frame as it was captured. Its bytes are pinned, and valid until the next is read.</summary>
internal readonly ref struct CapturedFrame
{
    /// <summary>The link type of its interface (LINKTYPE_ numbers).</summary>
    internal required int LinkType { get; init; }

    /// <summary>When it was captured, in nanoseconds of Unix time; null for a packet without a time.</summary>
    internal required long? UnixNs { get; init; }

    /// <summary>What was kept of it.</summary>
    internal required ReadOnlySpan<byte> Bytes { get; init; }
}

/// <summary>Reads the frames of a capture file, one after another. One thread.</summary>
internal abstract class CaptureFile
{
    /// <summary>The most bytes of one frame: no capture tool keeps more.</summary>
    internal const int MaxFrameBytes = 262_144;

    private const uint PcapMicroseconds = 0xA1B2C3D4;
    private const uint PcapNanoseconds = 0xA1B23C4D;
    private const uint PcapngSection = 0x0A0D0D0A;

    /// <summary>Recognises a file by its first bytes.</summary>
    /// <exception cref="CaptureFileException">It is none, or too short to tell.</exception>
    internal static CaptureFile Open(Stream stream)
    {
        var window = new StreamWindow(stream);
        var first = window.Peek(sizeof(uint));
        var little = BinaryPrimitives.ReadUInt32LittleEndian(first);
        var big = BinaryPrimitives.ReadUInt32BigEndian(first);
        return little switch
        {
            PcapngSection => new PcapngFile(window),
            PcapMicroseconds => new PcapFile(window, isBigEndian: false, nanosecondsPerUnit: 1_000),
            PcapNanoseconds => new PcapFile(window, isBigEndian: false, nanosecondsPerUnit: 1),
            _ => big switch
            {
                PcapMicroseconds => new PcapFile(window, isBigEndian: true, nanosecondsPerUnit: 1_000),
                PcapNanoseconds => new PcapFile(window, isBigEndian: true, nanosecondsPerUnit: 1),
                _ => throw new CaptureFileException(
                    CaptureFileFault.UnknownFormat, 0, $"Neither pcap nor pcapng: it begins with {big:X8}"),
            },
        };
    }

    /// <summary>Reads the next frame.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="CaptureFileException">The file is damaged.</exception>
    internal abstract bool TryRead(out CapturedFrame frame);

    /// <summary>Both byte orders of a word.</summary>
    protected static uint Word(ReadOnlySpan<byte> at, bool isBigEndian) => isBigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(at)
        : BinaryPrimitives.ReadUInt32LittleEndian(at);

    /// <summary>Both byte orders of a half word.</summary>
    protected static ushort Half(ReadOnlySpan<byte> at, bool isBigEndian) => isBigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(at)
        : BinaryPrimitives.ReadUInt16LittleEndian(at);
}
