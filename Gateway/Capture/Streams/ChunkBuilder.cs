using System.Runtime.CompilerServices;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;

namespace Talreg.Capture.Streams;

/// <summary>
/// The open chunk of one stream: frames in a buffer (FORMAT.md §2) that it holds while it is not empty. Shard thread only.
/// </summary>
internal sealed class ChunkBuilder(ChunkBuffers buffers)
{
    /// <summary>The longest time a chunk covers, in nanoseconds.</summary>
    internal const long MaxSpanNs = 200_000_000;

    /// <summary>Sources one chunk names; a further one begins the next chunk, so that the search stays short.</summary>
    internal const int MaxSources = 16;

    private Sources _sources;
    private int _sourceCount;
    private byte[] _buffer = [];
    private int _length;
    private uint _packets;
    private uint _slot;
    private long _firstNs;
    private long _lastNs;

    internal bool IsEmpty => _packets == 0;

    internal uint Packets => _packets;

    internal ReadOnlySpan<byte> PlainText => _buffer.AsSpan(0, _length);

    /// <summary>True when 200 ms have passed since the chunk was opened.</summary>
    internal bool IsDue(long nowNs) => _packets != 0 && nowNs - _firstNs >= MaxSpanNs;

    /// <summary>Appends a packet, unless it belongs to another slot, stretches the chunk too far or does not fit.</summary>
    internal bool TryAdd(uint slot, FrameFlags flags, in Datagram datagram)
    {
        var arrivalNs = datagram.ArrivalNs;
        if (_packets != 0
            && (slot != _slot || Math.Max(_lastNs, arrivalNs) - Math.Min(_firstNs, arrivalNs) > MaxSpanNs))
        {
            return false;
        }

        var source = datagram.Source;
        var index = Find(source);
        var needed = FrameWriter.HeaderSize + datagram.Length
            + (index < 0 ? FrameWriter.HeaderSize + 2 + source.AddressLength : 0);
        if (!TryMakeRoom(needed) || (index < 0 && _sourceCount == MaxSources))
        {
            return false;
        }

        if (index < 0)
        {
            index = _sourceCount++;
            _sources[index] = source;
            Span<byte> address = stackalloc byte[16];
            var length = source.WriteAddress(address);
            _length += FrameWriter.WriteSource(
                _buffer.AsSpan(_length), (byte)index, address[..length], source.Port, arrivalNs);
        }

        _length += FrameWriter.WriteFrame(_buffer.AsSpan(_length), flags, (byte)index, arrivalNs, datagram.Bytes);
        _firstNs = _packets == 0 ? arrivalNs : Math.Min(_firstNs, arrivalNs);
        _lastNs = _packets == 0 ? arrivalNs : Math.Max(_lastNs, arrivalNs);
        _slot = slot;
        _packets++;
        return true;
    }

    /// <summary>Where the next packet of a source that has one in the chunk goes.</summary>
    /// <param name="source">The source.</param>
    /// <param name="startNs">Slots count from then, monotonic.</param>
    /// <param name="slotNs">How long a slot is.</param>
    internal ChunkPlace PlaceOf(in SourceAddress source, long startNs, long slotNs) => new(
        _buffer,
        _length,
        Math.Min(_firstNs + MaxSpanNs + 1, startNs + ((_slot + 1L) * slotNs)),
        (byte)Find(source));

    /// <summary>Packets were put at the place, the newest of them last.</summary>
    internal void Extend(int length, int packets, long lastNs)
    {
        _length = length;
        _packets += (uint)packets;
        _lastNs = Math.Max(_lastNs, lastNs);
    }

    internal ChunkFacts Facts(ushort stream, ChunkFlags flags, in ShardClock clock) => new()
    {
        Stream = stream,
        Slot = _slot,
        Flags = flags,
        Packets = _packets,
        FirstArrivalNs = _firstNs,
        LastArrivalNs = _lastNs,
        RealTimeOffsetNs = clock.RealTimeOffsetNs,
        ClockQuality = clock.Quality,
        MaxClockErrorUs = clock.MaxErrorUs,
    };

    internal void Clear()
    {
        _length = 0;
        _packets = 0;
        _sourceCount = 0;
        buffers.Return(_buffer);
        _buffer = [];
    }

    private int Find(in SourceAddress source)
    {
        for (var i = 0; i < _sourceCount; i++)
        {
            if (_sources[i] == source)
            {
                return i;
            }
        }

        return -1;
    }

    private bool TryMakeRoom(int bytes)
    {
        if (bytes <= _buffer.Length - _length)
        {
            return true;
        }

        if (_length + bytes > ChunkHeader.MaxPlainText)
        {
            return false;
        }

        var larger = buffers.Rent(_length + bytes);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        buffers.Return(_buffer);
        _buffer = larger;
        return true;
    }

    // Inside the builder, so that looking one up touches no other object.
    [InlineArray(MaxSources)]
    private struct Sources
    {
        private SourceAddress _first;
    }
}

/// <summary>What a shard knows of the clock when it closes a chunk.</summary>
internal readonly record struct ShardClock(
    long NowNs, long RealTimeOffsetNs, ClockQuality Quality, uint MaxErrorUs);
