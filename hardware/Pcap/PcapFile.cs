namespace Talreg.Hardware.Pcap;

/// <summary>
/// The classic format (draft-ietf-opsawg-pcap): a header, then records of seconds, fraction, kept and original length.
/// </summary>
internal sealed class PcapFile : CaptureFile
{
    private const int HeaderBytes = 24;
    private const int RecordBytes = 16;
    private const ushort KnownVersion = 2;
    private const uint LinkTypeMask = 0xFFFF;

    private readonly StreamWindow _window;
    private readonly bool _isBigEndian;
    private readonly uint _nanosecondsPerUnit;
    private readonly int _linkType;

    internal PcapFile(StreamWindow window, bool isBigEndian, uint nanosecondsPerUnit)
    {
        _window = window;
        _isBigEndian = isBigEndian;
        _nanosecondsPerUnit = nanosecondsPerUnit;
        var header = window.Take(HeaderBytes);
        var version = Half(header[4..], isBigEndian);
        if (version != KnownVersion)
        {
            throw new CaptureFileException(CaptureFileFault.UnknownFormat, 4, $"pcap of version {version}");
        }

        // The upper bits tell of a frame check sequence; nothing here reads that far.
        _linkType = (int)(Word(header[20..], isBigEndian) & LinkTypeMask);
    }

    internal override bool TryRead(out CapturedFrame frame)
    {
        frame = default;
        if (_window.IsAtEnd)
        {
            return false;
        }

        var at = _window.Offset;
        var record = _window.Take(RecordBytes);
        var seconds = Word(record, _isBigEndian);
        var fraction = Word(record[4..], _isBigEndian);
        var kept = Word(record[8..], _isBigEndian);
        if (kept > MaxFrameBytes)
        {
            throw new CaptureFileException(CaptureFileFault.BadLength, at, $"A packet of {kept} bytes");
        }

        frame = new CapturedFrame
        {
            LinkType = _linkType,
            UnixNs = (seconds * 1_000_000_000L) + ((long)fraction * _nanosecondsPerUnit),
            Bytes = _window.Take((int)kept),
        };
        return true;
    }
}
