using System.Buffers.Binary;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Wav;

/// <summary>
/// A take as a stereo 16-bit WAV at 8000 Hz that is made while it is read: no file, no decoded copy.
/// Immutable and safe on any thread.
/// </summary>
public sealed class CallWav
{
    private const int BlockFrames = 512;

    private readonly StreamTimeline[] _streams;
    private readonly long _frames;
    private readonly byte[] _header = new byte[WavHeader.Size];

    internal CallWav(StreamTimeline[] streams, long frames)
    {
        _streams = streams;
        _frames = frames;
        Length = WavHeader.Size + (frames * WavHeader.FrameSize);
        WavHeader.Write(_header, frames);
        Reports = [.. streams.Select(stream => stream.Report)];
    }

    /// <summary>The length of the whole WAV, in bytes, known before a sample is decoded.</summary>
    public long Length { get; }

    /// <summary>How long it plays.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)_frames / AudioCodec.SampleRate);

    /// <summary>What placing each stream came to, in the order they were given.</summary>
    public IReadOnlyList<TimelineReport> Reports { get; }

    /// <summary>Reads bytes of the WAV from any offset, aligned or not.</summary>
    /// <param name="offset">Bytes from the start of the file, 0 or more.</param>
    /// <param name="destination">Filled as far as the WAV reaches.</param>
    /// <returns>Bytes read; 0 at and behind the end.</returns>
    public int Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset >= Length)
        {
            return 0;
        }

        var wanted = destination[..(int)Math.Min(destination.Length, Length - offset)];
        var read = 0;
        if (offset < WavHeader.Size)
        {
            var part = _header.AsSpan((int)offset);
            read = Math.Min(part.Length, wanted.Length);
            part[..read].CopyTo(wanted);
        }

        Span<byte> block = stackalloc byte[BlockFrames * WavHeader.FrameSize];
        while (read < wanted.Length)
        {
            var (frame, within) = Math.DivRem(offset + read - WavHeader.Size, WavHeader.FrameSize);
            var frames = (int)Math.Min(BlockFrames, _frames - frame);
            Render(frame, block[..(frames * WavHeader.FrameSize)]);
            var part = block[(int)within..(frames * WavHeader.FrameSize)];
            part = part[..Math.Min(part.Length, wanted.Length - read)];
            part.CopyTo(wanted[read..]);
            read += part.Length;
        }

        return read;
    }

    /// <summary>A seekable stream over the same bytes, for servers that answer HTTP ranges from one.</summary>
    public Stream OpenRead() => new CallWavStream(this);

    private void Render(long frame, Span<byte> block)
    {
        Span<int> left = stackalloc int[BlockFrames];
        Span<int> right = stackalloc int[BlockFrames];
        var frames = block.Length / WavHeader.FrameSize;
        left = left[..frames];
        right = right[..frames];
        left.Clear();
        right.Clear();
        for (var i = 0; i < _streams.Length; i++)
        {
            _streams[i].AddTo(frame, i % 2 == 0 ? left : right);
        }

        for (var i = 0; i < frames; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(block[(i * WavHeader.FrameSize)..], Saturate(left[i]));
            BinaryPrimitives.WriteInt16LittleEndian(block[((i * WavHeader.FrameSize) + 2)..], Saturate(right[i]));
        }
    }

    private static short Saturate(int sum) => (short)Math.Clamp(sum, short.MinValue, short.MaxValue);
}
