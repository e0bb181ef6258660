using System.Buffers.Binary;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Wav;

/// <summary>
/// A take as a stereo 16-bit WAV that is made while it is read: no file, no decoded copy of the whole. At 8000 Hz, or
/// at 16000 Hz when any stream holds a wideband codec. Immutable and safe on any thread.
/// </summary>
public sealed class CallWav
{
    private const int BlockTicks = 256;
    private const int BlockFrames = 2 * BlockTicks;
    private const int NarrowSamples = BlockTicks + (2 * Upsampler.Margin);

    private readonly StreamTimeline[] _streams;
    private readonly long _ticks;
    private readonly int _framesPerTick;
    private readonly byte[] _header = new byte[WavHeader.Size];

    internal CallWav(StreamTimeline[] streams, long ticks)
    {
        _streams = streams;
        _ticks = ticks;
        _framesPerTick = FramesPerTick(streams);
        SampleRate = _framesPerTick * AudioCodec.TicksPerSecond;
        Length = WavHeader.Size + (ticks * _framesPerTick * WavHeader.FrameSize);
        WavHeader.Write(_header, ticks * _framesPerTick, SampleRate);
        Reports = [.. streams.Select(stream => stream.Report)];
    }

    /// <summary>Samples per second of each side: 8000 or 16000.</summary>
    public int SampleRate { get; }

    /// <summary>The length of the whole WAV, in bytes, known before a sample is decoded.</summary>
    public long Length { get; }

    /// <summary>How long it plays.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)_ticks / AudioCodec.TicksPerSecond);

    /// <summary>What placing each stream came to, in the order they were given.</summary>
    public IReadOnlyList<TimelineReport> Reports { get; }

    /// <summary>
    /// How long nothing is heard of a stream, from the take's start to the WAV's end: pauses, comfort noise, loss, and
    /// before and after it. Decodes the stream where that is cheap.
    /// </summary>
    /// <param name="stream">Its place in the order given.</param>
    public TimeSpan Silence(int stream) => TimeSpan.FromSeconds(
        (double)Math.Max(0, _ticks - _streams[stream].CountHeardTicks()) / AudioCodec.TicksPerSecond);

    /// <summary>Reads bytes of the WAV from any offset, aligned or not.</summary>
    /// <param name="offset">Bytes from the start of the file, 0 or more.</param>
    /// <param name="destination">Filled as far as the WAV reaches.</param>
    /// <returns>Bytes read; 0 at and behind the end.</returns>
    /// <exception cref="AudioDecodeException">A decoder outside this program failed.</exception>
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

        var tickSize = _framesPerTick * WavHeader.FrameSize;
        Span<byte> block = stackalloc byte[BlockFrames * WavHeader.FrameSize];
        while (read < wanted.Length)
        {
            var (tick, within) = Math.DivRem(offset + read - WavHeader.Size, tickSize);
            var rendered = block[..((int)Math.Min(BlockTicks, _ticks - tick) * tickSize)];
            Render(tick, rendered);
            var part = rendered[(int)within..];
            part = part[..Math.Min(part.Length, wanted.Length - read)];
            part.CopyTo(wanted[read..]);
            read += part.Length;
        }

        return read;
    }

    /// <summary>A seekable stream over the same bytes, for servers that answer HTTP ranges from one.</summary>
    public Stream OpenRead() => new CallWavStream(this);

    internal static int FramesPerTick(StreamTimeline[] streams) =>
        Array.Exists(streams, stream => stream.IsWideband) ? 2 : 1;

    private void Render(long tick, Span<byte> block)
    {
        var frames = block.Length / WavHeader.FrameSize;
        Span<int> mix = stackalloc int[BlockFrames];
        mix = mix[..frames];
        for (var side = 0; side < 2; side++)
        {
            mix.Clear();
            Mix(side, tick, mix);
            for (var i = 0; i < frames; i++)
            {
                var sample = (short)Math.Clamp(mix[i], short.MinValue, short.MaxValue);
                BinaryPrimitives.WriteInt16LittleEndian(block[((i * WavHeader.FrameSize) + (2 * side))..], sample);
            }
        }
    }

    private void Mix(int side, long tick, Span<int> mix)
    {
        if (_framesPerTick == 1)
        {
            AddStreams(side, tick, 1, mix);
            return;
        }

        AddStreams(side, tick, 2, mix);
        Span<int> narrow = stackalloc int[NarrowSamples];
        narrow = narrow[..((mix.Length / 2) + (2 * Upsampler.Margin))];
        narrow.Clear();
        AddStreams(side, tick - Upsampler.Margin, 1, narrow);
        Upsampler.AddTo(narrow, mix);
    }

    private void AddStreams(int side, long tick, int samplesPerTick, Span<int> mix)
    {
        for (var i = side; i < _streams.Length; i += 2)
        {
            _streams[i].AddTo(tick, samplesPerTick, mix);
        }
    }
}
