using Talreg.Media.Codecs;

namespace Talreg.Media.Timeline;

/// <summary>One stream placed in time: segments without overlap, in order. Immutable, safe on any thread.</summary>
internal sealed class StreamTimeline
{
    private readonly Segment[] _segments;
    private readonly DecodedBlocks _blocks;

    internal StreamTimeline(Segment[] segments, TimelineReport report)
    {
        _segments = segments;
        _blocks = new DecodedBlocks(segments);
        Report = report;
        IsWideband = Array.Exists(segments, segment => segment.Codec.SamplesPerTick > 1);
    }

    /// <summary>What placing came to.</summary>
    public TimelineReport Report { get; }

    /// <summary>True when something of it decodes to more than 8000 samples a second.</summary>
    public bool IsWideband { get; }

    /// <summary>The end of the last segment, in ticks from the take's start; 0 when nothing is heard.</summary>
    internal long End => _segments.Length == 0 ? 0 : _segments[^1].End;

    internal ReadOnlySpan<Segment> Segments => _segments;

    /// <summary>Ticks in which something louder than silence is heard; decodes what can be decoded by itself.</summary>
    public long CountHeardTicks()
    {
        long heard = 0;
        foreach (ref readonly var segment in _segments.AsSpan())
        {
            heard += Loudness.IsQuiet(segment.Codec, segment.Payload.Span) ? 0 : segment.Count;
        }

        return heard;
    }

    /// <summary>Adds the samples of this stream's codecs of one sampling rate to a mix of that rate.</summary>
    /// <param name="firstTick">Where the mix starts, in ticks from the take's start; may be negative.</param>
    /// <param name="samplesPerTick">The rate: segments of another are left out.</param>
    /// <param name="mix">One sum per sample, whole ticks.</param>
    public void AddTo(long firstTick, int samplesPerTick, Span<int> mix)
    {
        var end = firstTick + (mix.Length / samplesPerTick);
        for (var i = FirstEndingAfter(firstTick); i < _segments.Length && _segments[i].Start < end; i++)
        {
            ref readonly var segment = ref _segments[i];
            if (segment.Codec.SamplesPerTick == samplesPerTick)
            {
                var from = Math.Max(segment.Start, firstTick);
                var target = mix.Slice(
                    (int)(from - firstTick) * samplesPerTick,
                    (int)(Math.Min(segment.End, end) - from) * samplesPerTick);
                Add(i, (segment.Skip + (int)(from - segment.Start)) * samplesPerTick, target);
            }
        }
    }

    private void Add(int index, int firstSample, Span<int> target)
    {
        ref readonly var segment = ref _segments[index];
        if (segment.Codec is not SampleCodec codec)
        {
            Sum(_blocks.SamplesOf(index).Slice(firstSample, target.Length), target);
            return;
        }

        Span<short> pcm = stackalloc short[256];
        while (!target.IsEmpty)
        {
            var part = pcm[..Math.Min(target.Length, pcm.Length)];
            codec.Decode(segment.Payload.Span, firstSample, part);
            Sum(part, target);
            firstSample += part.Length;
            target = target[part.Length..];
        }
    }

    private static void Sum(ReadOnlySpan<short> samples, Span<int> target)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            target[i] += samples[i];
        }
    }

    private int FirstEndingAfter(long tick)
    {
        int low = 0, high = _segments.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_segments[middle].End > tick)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
