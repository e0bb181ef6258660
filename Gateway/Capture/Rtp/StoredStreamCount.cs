using Talreg.Evidence.Chunks;

namespace Talreg.Capture.Rtp;

/// <summary>
/// Counts a stream again from what was stored of it, by the rules of <see cref="StreamSnapshot"/>: for takes whose counters died
/// with their process. One thread.
/// </summary>
public sealed class StoredStreamCount
{
    /// <summary>
    /// The most SSRCs whose sequence numbers are followed; packets of further ones are counted, not their loss.
    /// </summary>
    public const int MaxSources = 256;

    private readonly Dictionary<uint, SequenceTracker> _sources = [];

    /// <summary>RTP packets that are the stream's own, duplicates included.</summary>
    public long Packets { get; private set; }

    /// <summary>Packets that came after their successor.</summary>
    public long Late { get; private set; }

    /// <summary>Packets from another source than the stream's, RTCP included.</summary>
    public long Foreign { get; private set; }

    /// <summary>Sequence numbers missing, per SSRC, summed.</summary>
    public long Lost => _sources.Values.Sum(source => source.Lost);

    /// <summary>Unix nanoseconds of the first packet; null while there is none.</summary>
    public long? FirstUnixNs { get; private set; }

    /// <summary>Unix nanoseconds of the last packet; null while there is none.</summary>
    public long? LastUnixNs { get; private set; }

    /// <summary>Counts one stored packet.</summary>
    /// <param name="frame">The packet.</param>
    /// <param name="realTimeOffsetNs">The offset in its chunk's header.</param>
    public void Add(in Frame frame, long realTimeOffsetNs)
    {
        if ((frame.Flags & FrameFlags.Foreign) != FrameFlags.None)
        {
            Foreign++;
            return;
        }

        if ((frame.Flags & FrameFlags.Rtcp) != FrameFlags.None || RtpPacket.Classify(frame.Packet) != PacketKind.Rtp)
        {
            return;
        }

        Packets++;
        FirstUnixNs ??= frame.ArrivalNs + realTimeOffsetNs;
        LastUnixNs = frame.ArrivalNs + realTimeOffsetNs;
        var ssrc = RtpPacket.Ssrc(frame.Packet);
        if (!_sources.TryGetValue(ssrc, out var source))
        {
            if (_sources.Count == MaxSources)
            {
                return;
            }

            _sources[ssrc] = source = new SequenceTracker();
            source.Begin(ssrc);
        }

        if (source.Add(RtpPacket.Sequence(frame.Packet), out _, out _) == SequenceVerdict.Late)
        {
            Late++;
        }
    }
}
