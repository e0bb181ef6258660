using System.Runtime.CompilerServices;
using Talreg.Capture.Quality;
using Talreg.Capture.Rtp;
using Talreg.Capture.Streams;
using Talreg.Hardware;

namespace Talreg.Capture.Rtcp;

/// <summary>
/// What a stream's peer sent, as reports tell it back: its sources, its jitter, where its own reports come from. Written by
/// the shard's thread under the stream's version; allocates only while it grows to its bound.
/// </summary>
internal sealed class Reception
{
    /// <summary>The most sources reported on; a report holds up to 31 (RFC 3550 §6.4.1).</summary>
    internal const int MaxSources = CaptureStream.MaxSources;

    private ReceptionSource[] _sources = new ReceptionSource[1];
    private InterarrivalJitter _jitter;
    private int _count;
    private int _current;

    /// <summary>The sources heard so far, in the order of their first packet.</summary>
    internal ReadOnlySpan<ReceptionSource> Sources => _sources.AsSpan(0, Math.Min(_count, _sources.Length));

    /// <summary>Jitter of the source heard last.</summary>
    internal InterarrivalJitter Jitter => _jitter;

    /// <summary>Where the peer's reports come from; port 0 before the first.</summary>
    internal SourceAddress ReportsFrom { get; private set; }

    /// <summary>Who sent the last of them.</summary>
    internal uint Reporter { get; private set; }

    /// <summary>Takes in an RTP packet of the stream's own.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="arrivalNs">Its arrival, monotonic.</param>
    /// <param name="clockRate">The clock its jitter is measured by; 0 measures none.</param>
    internal void Add(ReadOnlySpan<byte> packet, long arrivalNs, int clockRate)
    {
        var ssrc = RtpPacket.Ssrc(packet);
        if (clockRate > 0)
        {
            _jitter.Add(ssrc, RtpPacket.Timestamp(packet), arrivalNs, clockRate);
        }

        var sequence = RtpPacket.Sequence(packet);
        if (_current < _count && _sources[_current].Ssrc == ssrc)
        {
            _sources[_current].Add(sequence);
        }
        else if (Find(ssrc) is var known and >= 0)
        {
            _current = known;
            _sources[known].Add(sequence);
        }
        else if (_count < MaxSources)
        {
            Begin(ssrc, sequence);
        }
    }

    /// <summary>Takes in packets that followed one another.</summary>
    /// <param name="ssrc">Their source.</param>
    /// <param name="sequence">Number of the first.</param>
    /// <param name="packets">How many.</param>
    /// <param name="jitter">The jitter with them.</param>
    internal void AddRun(uint ssrc, ushort sequence, int packets, InterarrivalJitter jitter)
    {
        _jitter = jitter;
        if (Find(ssrc) is var known and >= 0)
        {
            for (var i = 0; i < packets; i++)
            {
                _sources[known].Add((ushort)(sequence + i));
            }
        }
    }

    /// <summary>The peer's reports come from here.</summary>
    internal void NoteReporter(SourceAddress source, uint ssrc)
    {
        ReportsFrom = source;
        Reporter = ssrc;
    }

    /// <summary>A sender report of one of the sources came.</summary>
    internal void NoteReport(in SenderReport report, long arrivalNs)
    {
        if (Find(report.Ssrc) is var known and >= 0)
        {
            _sources[known].NoteReport(report, arrivalNs);
        }
    }

    /// <summary>
    /// Copies all of it into another, which has room for the most; may be called while it changes, then the copy is to be
    /// thrown away.
    /// </summary>
    internal void CopyTo(Reception other)
    {
        var sources = Sources;
        sources.CopyTo(other._sources);
        other._count = sources.Length;
        other._jitter = _jitter;
        other.ReportsFrom = ReportsFrom;
        other.Reporter = Reporter;
    }

    /// <summary>One to copy into.</summary>
    internal static Reception ForCopies() => new() { _sources = new ReceptionSource[MaxSources] };

    private int Find(uint ssrc)
    {
        for (var i = 0; i < _count; i++)
        {
            if (_sources[i].Ssrc == ssrc)
            {
                return i;
            }
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Begin(uint ssrc, ushort sequence)
    {
        if (_count == _sources.Length)
        {
            Array.Resize(ref _sources, Math.Min(2 * _sources.Length, MaxSources));
        }

        _current = _count;
        _sources[_count] = new ReceptionSource(ssrc, sequence);
        _count++;
    }
}
