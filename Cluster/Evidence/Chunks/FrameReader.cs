using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;

namespace Talreg.Evidence.Chunks;

/// <summary>One packet of a chunk. Its spans point into the plain text and live as long as that.</summary>
public readonly ref struct Frame
{
    internal Frame(FrameFlags flags, long arrivalNs, ReadOnlySpan<byte> source, ReadOnlySpan<byte> packet)
    {
        Flags = flags;
        ArrivalNs = arrivalNs;
        SourceBytes = source;
        Packet = packet;
    }

    /// <summary>Flags of the frame.</summary>
    public FrameFlags Flags { get; }

    /// <summary>Arrival, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public long ArrivalNs { get; }

    /// <summary>The RTP or RTCP packet as received.</summary>
    public ReadOnlySpan<byte> Packet { get; }

    /// <summary>UDP port of the sender.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(SourceBytes);

    /// <summary>Address of the sender: 4 or 16 bytes.</summary>
    public ReadOnlySpan<byte> SourceAddress => SourceBytes[2..];

    private ReadOnlySpan<byte> SourceBytes { get; }

    /// <summary>The sender as an object; allocates.</summary>
    public IPEndPoint ToEndPoint() => new(new IPAddress(SourceAddress), SourcePort);
}

/// <summary>
/// Walks the packets of a chunk's plain text in order, resolving their sources. After <see cref="MoveNext"/> gave false,
/// <see cref="Error"/> says whether the text ended or is malformed. No allocation.
/// </summary>
public ref struct FrameReader
{
    private readonly ReadOnlySpan<byte> _text;
    private SourceTable _sources;
    private int _sourceCount;
    private int _position;

    /// <summary>Starts at the front of a chunk's plain text.</summary>
    public FrameReader(ReadOnlySpan<byte> plainText)
    {
        _text = plainText;
        if (plainText.Length > ChunkHeader.MaxPlainText)
        {
            Error = "longer than a chunk";
            _position = plainText.Length;
        }
    }

    /// <summary>The packet that <see cref="MoveNext"/> found.</summary>
    public Frame Current { get; private set; }

    /// <summary>What is malformed; null while all is well.</summary>
    public string? Error { get; private set; }

    /// <summary>Goes to the next packet; source frames are taken in on the way.</summary>
    public bool MoveNext()
    {
        while (Error is null && _position < _text.Length)
        {
            var rest = _text[_position..];
            if (rest.Length < FrameWriter.HeaderSize)
            {
                return Fail("frame header cut short");
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
            var flags = (FrameFlags)rest[2];
            var source = rest[3];
            if (rest.Length < FrameWriter.HeaderSize + length)
            {
                return Fail("frame cut short");
            }

            var start = _position + FrameWriter.HeaderSize;
            _position = start + length;
            if (flags == FrameFlags.Source)
            {
                if (!TryDefine(source, start, length))
                {
                    return false;
                }

                continue;
            }

            if ((flags & ~(FrameFlags.Rtcp | FrameFlags.Foreign | FrameFlags.EstimatedArrival)) != FrameFlags.None)
            {
                return Fail("unknown frame flags");
            }

            if (source >= _sourceCount)
            {
                return Fail("packet from an undefined source");
            }

            var place = _sources[source];
            Current = new Frame(
                flags,
                BinaryPrimitives.ReadInt64BigEndian(rest[4..]),
                _text.Slice(place.Start, place.Length),
                rest.Slice(FrameWriter.HeaderSize, length));
            return true;
        }

        return false;
    }

    private bool TryDefine(byte source, int start, int length)
    {
        if (source != _sourceCount)
        {
            return Fail("sources are not defined in order");
        }

        if (length is not (6 or 18))
        {
            return Fail("source frame of a wrong length");
        }

        _sources[_sourceCount++] = new SourcePlace((ushort)start, (ushort)length);
        return true;
    }

    private bool Fail(string error)
    {
        Error = error;
        return false;
    }

    private readonly record struct SourcePlace(ushort Start, ushort Length);

    [InlineArray(FrameWriter.MaxSources)]
    private struct SourceTable
    {
        private SourcePlace _first;
    }
}
