using System.Runtime.InteropServices;
using Talreg.Media.Codecs;

namespace Talreg.Media.Timeline;

/// <summary>
/// Random access into a stream whose codecs remember. Its segments are cut, once and for all, into blocks; each is decoded
/// by itself with a decoder that has heard the second before it. The same bytes come out whatever was read before.
/// <code>
///   segments  | | | | | | | | | | | | | | | | | | |
///   block n   └ warm-up, 1 s ┘└── kept: 10 or 30 s ──┘
/// </code>
/// Safe on any thread; the last blocks are kept, two readers may decode the same one twice.
/// </summary>
internal sealed class DecodedBlocks
{
    /// <summary>1 s: what a decoder hears before its block. Every codec here forgets sooner than that.</summary>
    public const int WarmUpTicks = AudioCodec.TicksPerSecond;

    /// <summary>Blocks kept: the one that is read, its neighbour, and one for a second reader.</summary>
    public const int MaxKept = 3;

    private readonly Segment[] _segments;
    private readonly List<Run> _runs = [];
    private readonly List<Block> _kept = [];
    private readonly Lock _gate = new();

    public DecodedBlocks(Segment[] segments)
    {
        _segments = segments;
        for (var i = 0; i < segments.Length; i = CutRun(i))
        {
        }
    }

    /// <summary>Number of blocks.</summary>
    public int Count => _runs.Count;

    /// <summary>All samples of the payload of a segment, those that it skips included.</summary>
    /// <param name="segment">Index of a segment whose codec is a <see cref="FrameCodec"/>.</param>
    public ReadOnlySpan<short> SamplesOf(int segment)
    {
        var run = Find(segment);
        var block = Kept(run) ?? Keep(Decode(run));
        var first = block.Offsets[segment - _runs[run].First];
        return block.Samples.AsSpan(first..block.Offsets[segment - _runs[run].First + 1]);
    }

    // A block ends where its time is up or the codec changes. What it decodes to is bounded too: hostile packets may each last
    // far longer than the time between them.
    private int CutRun(int first)
    {
        if (_segments[first].Codec is not FrameCodec codec)
        {
            return first + 1;
        }

        var ticks = (long)(codec.BlockDuration.TotalSeconds * AudioCodec.TicksPerSecond);
        long decoded = 0;
        var end = first;
        while (end < _segments.Length
            && _segments[end].Codec == codec
            && _segments[end].Start - _segments[first].Start < ticks
            && decoded < ticks)
        {
            decoded += codec.CountTicks(_segments[end].Payload.Span);
            end++;
        }

        _runs.Add(new Run(first, end));
        return end;
    }

    private int Find(int segment)
    {
        int low = 0, high = _runs.Count;
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _runs[middle].First <= segment ? (middle, high) : (low, middle);
        }

        return low;
    }

    private Block? Kept(int run)
    {
        lock (_gate)
        {
            return _kept.Find(block => block.Run == run);
        }
    }

    private Block Keep(Block block)
    {
        lock (_gate)
        {
            if (_kept.Count == MaxKept)
            {
                _kept.RemoveAt(0);
            }

            _kept.Add(block);
        }

        return block;
    }

    private Block Decode(int index)
    {
        var run = _runs[index];
        var codec = (FrameCodec)_segments[run.First].Codec;
        var first = WarmFrom(run.First, codec);
        var payloads = new ReadOnlyMemory<byte>[run.End - first];
        var offsets = new int[run.End - run.First + 1];
        var samples = 0;
        for (var i = first; i < run.End; i++)
        {
            payloads[i - first] = _segments[i].Payload;
            if (i >= run.First)
            {
                offsets[i - run.First] = samples;
            }

            samples += codec.CountSamples(_segments[i].Payload.Span);
        }

        offsets[^1] = samples;
        var decoded = new short[samples];
        codec.Decode(payloads, decoded);
        return new Block(index, offsets, decoded);
    }

    private int WarmFrom(int first, FrameCodec codec)
    {
        long decoded = 0;
        var from = first;
        while (from > 0
            && _segments[from - 1].Codec == codec
            && _segments[first].Start - _segments[from - 1].Start <= WarmUpTicks
            && decoded < WarmUpTicks)
        {
            from--;
            decoded += codec.CountTicks(_segments[from].Payload.Span);
        }

        return from;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Run(int First, int End);

    private sealed record Block(int Run, int[] Offsets, short[] Samples);
}
