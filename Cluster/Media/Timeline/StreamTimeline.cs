namespace Talreg.Media.Timeline;

/// <summary>One stream placed in time: segments without overlap, in order. Immutable, safe on any thread.</summary>
internal sealed class StreamTimeline
{
    private readonly Segment[] _segments;

    internal StreamTimeline(Segment[] segments, TimelineReport report)
    {
        _segments = segments;
        Report = report;
    }

    /// <summary>What placing came to.</summary>
    public TimelineReport Report { get; }

    internal ReadOnlySpan<Segment> Segments => _segments;

    /// <summary>Adds this stream's samples to a mix.</summary>
    /// <param name="firstSample">Where the mix starts, in samples from the take's start.</param>
    /// <param name="mix">One sum per sample.</param>
    public void AddTo(long firstSample, Span<int> mix)
    {
        Span<short> pcm = stackalloc short[256];
        var end = firstSample + mix.Length;
        for (var i = FirstEndingAfter(firstSample); i < _segments.Length && _segments[i].Start < end; i++)
        {
            ref readonly var segment = ref _segments[i];
            var from = Math.Max(segment.Start, firstSample);
            var to = Math.Min(segment.End, end);
            while (from < to)
            {
                var part = pcm[..(int)Math.Min(to - from, pcm.Length)];
                segment.Codec.Decode(segment.Payload.Span, segment.Skip + (int)(from - segment.Start), part);
                var target = mix.Slice((int)(from - firstSample), part.Length);
                for (var s = 0; s < part.Length; s++)
                {
                    target[s] += part[s];
                }

                from += part.Length;
            }
        }
    }

    private int FirstEndingAfter(long sample)
    {
        int low = 0, high = _segments.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_segments[middle].End > sample)
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
