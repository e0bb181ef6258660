using System.Buffers.Binary;
using Talreg.Capture.Quality;
using Talreg.Capture.Rtcp;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;

namespace Talreg.Capture.Streams;

/// <summary>
/// The short way of a packet that follows the one before it from the same source, with nothing to be said of it, into the
/// open chunk: nearly every packet. What it reads and writes lies side by side here, because thousands of streams lie
/// between two packets of one and each further line of memory is waited for. What a run of such packets means for the
/// stream's counts is settled at its end, once per chunk at least. A value within the stream; shard thread only.
/// </summary>
internal struct PacketRun
{
    private const int HeaderSize = 12;

    // V=2 and nothing else: no padding, no extension, no contributing sources (RFC 3550 §5.1).
    private const uint PlainHeader = 0x80;

    private byte[]? _buffer;
    private SourceAddress _source;
    private long _endNs;
    private int _length;
    private int _clockRate;
    private uint _ssrc;
    private ushort _next;
    private byte _payloadType;
    private byte _sourceIndex;

    /// <summary>Odd while the stream changes; see <see cref="CaptureStream.Snapshot"/>.</summary>
    internal int Version;

    private InterarrivalJitter _jitter;

    /// <summary>Packets of the run.</summary>
    internal int Packets { get; private set; }

    /// <summary>Arrival of its newest packet, monotonic; before that, of the packet it follows.</summary>
    internal long LastNs { get; private set; }

    /// <summary>The same as Unix time; 0 while it has no packet.</summary>
    internal long LastUnixNs { get; private set; }

    /// <summary>How regularly packets came, with the run's.</summary>
    internal readonly InterarrivalJitter Jitter => _jitter;

    /// <summary>Bytes in the chunk with the run's.</summary>
    internal readonly int Length => _length;

    /// <summary>True between <see cref="Begin"/> and <see cref="End"/>.</summary>
    internal readonly bool IsOpen => _buffer is not null;

    /// <summary>Begins behind a packet that was taken in the long way.</summary>
    /// <param name="packet">Newest of the stream's own source, of no payload type that needs a second look.</param>
    /// <param name="clockRate">Of its timestamp, in Hz; 0 when unknown.</param>
    /// <param name="jitter">How regularly packets came so far.</param>
    /// <param name="place">Where the chunk goes on, and until when.</param>
    internal void Begin(in Datagram packet, int clockRate, InterarrivalJitter jitter, in ChunkPlace place)
    {
        var bytes = packet.Bytes;
        _source = packet.Source;
        _ssrc = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        _next = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) + 1);
        _payloadType = (byte)(bytes[1] & 0x7F);
        _clockRate = clockRate;
        _jitter = jitter;
        _buffer = place.Buffer;
        _length = place.Length;
        _endNs = place.EndNs;
        _sourceIndex = place.SourceIndex;
        LastNs = packet.ArrivalNs;
        LastUnixNs = 0;
        Packets = 0;
    }

    /// <summary>Ends the run; what it counted stays to be read.</summary>
    internal void End() => _buffer = null;

    /// <summary>Adds what it counted to the stream's counts.</summary>
    internal readonly void AddTo(ref StreamCounters counters)
    {
        if (Packets != 0)
        {
            counters.Packets += Packets;
            counters.LastUnixNs = Math.Max(counters.LastUnixNs, LastUnixNs);
            counters.LastPacketNs = Math.Max(counters.LastPacketNs, LastNs);
        }
    }

    /// <summary>Adds what it counted to what reports tell.</summary>
    internal readonly void AddTo(Reception reception)
    {
        if (Packets != 0)
        {
            reception.AddRun(_ssrc, (ushort)(_next - Packets), Packets, _jitter);
        }
    }

    /// <summary>Forgets what it counted.</summary>
    internal void Clear() => Packets = 0;

    /// <summary>Appends a packet that goes on with the run; false changes nothing.</summary>
    internal bool TryAppend(in Datagram packet, long realTimeOffsetNs)
    {
        var buffer = _buffer;
        var bytes = packet.Bytes;
        var arrivalNs = packet.ArrivalNs;
        if (buffer is null
            || bytes.Length < HeaderSize
            || packet.Flags != DatagramFlags.None
            || arrivalNs < LastNs
            || arrivalNs >= _endNs
            || _length + FrameWriter.HeaderSize + bytes.Length > buffer.Length
            || packet.Source != _source)
        {
            return false;
        }

        var first = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (first >> 24 != PlainHeader
            || ((first >> 16) & 0x7F) != _payloadType
            || (ushort)first != _next
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) != _ssrc)
        {
            return false;
        }

        _length += FrameWriter.WriteFrame(buffer.AsSpan(_length), FrameFlags.None, _sourceIndex, arrivalNs, bytes);
        _next++;
        Packets++;
        LastNs = arrivalNs;
        LastUnixNs = arrivalNs + realTimeOffsetNs;
        if (_clockRate > 0)
        {
            _jitter.Add(_ssrc, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), arrivalNs, _clockRate);
        }

        return true;
    }

    /// <summary>A hint that a packet of a length is about to be appended.</summary>
    internal readonly void PrefetchPlace(int packetLength)
    {
        if (_buffer is { } buffer)
        {
            CacheLine.Prefetch(buffer, _length, FrameWriter.HeaderSize + packetLength);
        }
    }
}

/// <summary>Where the next packet of a source goes in an open chunk.</summary>
/// <param name="Buffer">The chunk's buffer.</param>
/// <param name="Length">Bytes in it.</param>
/// <param name="EndNs">What arrives from then on begins another chunk, monotonic.</param>
/// <param name="SourceIndex">The source's number in the chunk.</param>
internal readonly record struct ChunkPlace(byte[] Buffer, int Length, long EndNs, byte SourceIndex);
