using System.Globalization;
using System.Runtime.InteropServices;
using Talreg.Media.Codecs;
using Talreg.Media.Rtp;

namespace Talreg.Media.Timeline;

/// <summary>
/// Places the packets of one stream in time; the rule is written out in this room's README.
/// <code>
///   position = anchor + (timestamp - anchor's timestamp) + corrections
/// </code>
/// The anchor is when a lineage's first packet would have arrived without waiting on its way, and is set anew where
/// timestamps and arrival part for good.
/// </summary>
internal sealed class TimelineBuilder
{
    private readonly AudioStream _stream;
    private readonly SpokenTimes _spoken;
    private readonly long _startNs;
    private readonly long _length;
    private readonly Entry[] _entries;
    private readonly Dictionary<(uint Ssrc, int ClockRate), Lineage> _lineages = [];
    private readonly List<Segment> _segments = [];
    private readonly int[] _unknown = new int[128];
    private readonly int[] _unreadable = new int[128];
    private readonly PayloadRoles _roles;
    private int _count;
    private long _end = long.MinValue;
    private int _malformed;
    private int _strays;
    private int _silent;
    private int _tooManySources;
    private int _reanchored;
    private int _inserted;
    private int _dropped;

    private TimelineBuilder(
        AudioStream stream, SpokenTimes spoken, long startNs, long length, CodecLibrary codecs)
    {
        _stream = stream;
        _spoken = spoken;
        _startNs = startNs;
        _length = length;
        _roles = new PayloadRoles(stream, codecs);
        _entries = new Entry[stream.Packets.Count];
    }

    /// <summary>Places a stream.</summary>
    /// <param name="stream">The stream; its packets are kept by reference.</param>
    /// <param name="spoken">What its sender's reports say of it.</param>
    /// <param name="startNs">The take's start, monotonic nanoseconds: tick 0.</param>
    /// <param name="length">The take's length in ticks; what begins outside is left out.</param>
    /// <param name="codecs">What can be decoded.</param>
    public static StreamTimeline Build(
        AudioStream stream, SpokenTimes spoken, long startNs, long length, CodecLibrary codecs)
    {
        var builder = new TimelineBuilder(stream, spoken, startNs, length, codecs);
        builder.Read();
        for (var i = 0; i < builder._count; i++)
        {
            builder.Place(i);
        }

        return builder.Finish();
    }

    /// <summary>Nanoseconds as ticks, rounded to the nearest.</summary>
    public static long ToTicks(long nanoseconds) =>
        (long)Math.Round(nanoseconds / (1e9 / AudioCodec.TicksPerSecond));

    private void Read()
    {
        for (var i = 0; i < _stream.Packets.Count; i++)
        {
            var stored = _stream.Packets[i];
            if (!RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _))
            {
                _malformed++;
                continue;
            }

            // Events repeat one timestamp while a key is held, and comfort noise comes when it likes: neither may
            // move the anchor, so only samples are placed.
            switch (_roles.Role(rtp.PayloadType))
            {
                case PayloadRole.Silence:
                    _silent++;
                    break;
                case PayloadRole.Unknown:
                    _unknown[rtp.PayloadType]++;
                    break;
                default:
                    ReadAudio(stored, rtp, i);
                    break;
            }
        }
    }

    private void ReadAudio(in StoredPacket stored, in RtpPacketView rtp, int index)
    {
        if (rtp.Payload.IsEmpty)
        {
            return;
        }

        var ticks = _roles.Codec(rtp.PayloadType)!.CountTicks(rtp.Payload);
        if (ticks == 0)
        {
            _unreadable[rtp.PayloadType]++;
            return;
        }

        // From here on an arrival by the sender's own clock is as good as one without any wait.
        var arrivalNs = _roles.Codec(rtp.PayloadType)!.ClockRate == _stream.ClockRate
            ? _spoken.Arrival(stored.ArrivalNs, rtp.Ssrc, rtp.Timestamp)
            : stored.ArrivalNs;
        _entries[_count++] = new Entry(
            ToTicks(arrivalNs - _startNs), rtp.Ssrc, rtp.Timestamp, index,
            rtp.PayloadOffset, rtp.Payload.Length, rtp.PayloadType, ticks);
    }

    private void Place(int index)
    {
        ref readonly var entry = ref _entries[index];
        var clockRate = ClockRate(entry);
        if (!_lineages.TryGetValue((entry.Ssrc, clockRate), out var lineage))
        {
            if (_lineages.Count == TimelineRules.MaxSources)
            {
                _tooManySources++;
                return;
            }

            lineage = new Lineage(
                clockRate, _spoken.Knows(entry.Ssrc) ? TimelineRules.ByReport : TimelineRules.ByArrival);
            _lineages.Add((entry.Ssrc, clockRate), lineage);
            lineage.Anchor(entry.Timestamp, AnchorPosition(index), entry.Arrival);
        }

        var difference = entry.Arrival - lineage.Position(entry.Timestamp);
        if (Math.Abs(difference) > TimelineRules.SuspiciousDifference)
        {
            if (IsAheadOfTime(entry, lineage, difference))
            {
                lineage.CatchUp(entry.Arrival, difference);
            }
            else if (IsSustained(index, lineage, difference))
            {
                _reanchored++;
                lineage.Anchor(entry.Timestamp, AnchorPosition(index), entry.Arrival);
                difference = entry.Arrival - lineage.Position(entry.Timestamp);
            }
            else if (Math.Abs(difference) > TimelineRules.StrayDifference)
            {
                _strays++;
                return;
            }
        }

        if (Math.Abs(difference) <= TimelineRules.SuspiciousDifference)
        {
            lineage.Observe(entry.Arrival, difference);
        }

        Add(entry, lineage);
    }

    private void Add(in Entry entry, Lineage lineage)
    {
        var codec = _roles.Codec(entry.PayloadType)!;
        var payload = _stream.Packets[entry.Index].Packet.Slice(entry.PayloadOffset, entry.PayloadLength);
        var position = lineage.Position(entry.Timestamp);
        if (lineage.Pending != 0 && position >= lineage.End)
        {
            var unheard = position > lineage.End ? position - lineage.End
                : Loudness.IsQuiet(codec, payload.Span) ? entry.Ticks
                : 0;
            var corrected = lineage.Correct(entry.Arrival, unheard);
            position += corrected;
            _inserted += Math.Max(corrected, 0);
            _dropped += Math.Max(-corrected, 0);
        }

        lineage.Accept(entry.Timestamp);
        var segment = new Segment(position, entry.Ticks, 0, codec, payload);
        _segments.Add(segment);
        lineage.End = Math.Max(lineage.End, segment.End);
        _end = Math.Max(_end, segment.End);
    }

    /// <summary>
    /// Where a packet was spoken, or the end of what is already placed where that lies just behind it: audio that follows
    /// without a pause stays contiguous. Nothing was spoken before the take.
    /// </summary>
    private long AnchorPosition(int index)
    {
        var spoken = Math.Max(0, LeastDelayed(index));
        return _end > spoken && _end - spoken <= TimelineRules.SuspiciousDifference ? _end : spoken;
    }

    /// <summary>
    /// When a packet would have arrived with the smallest delay of those that follow it. A packet may wait on its way
    /// but cannot come before it was spoken: the first of a stream is often late, and the second tells.
    /// </summary>
    private long LeastDelayed(int index)
    {
        ref readonly var first = ref _entries[index];
        var least = first.Arrival;
        var previous = index;
        for (var i = index + 1; i < Math.Min(_count, index + TimelineRules.LookAheadPackets); i++)
        {
            ref readonly var next = ref _entries[i];
            if (next.Arrival - first.Arrival > TimelineRules.LookAhead)
            {
                break;
            }

            if (!IsSameLineage(first, next))
            {
                continue;
            }

            if (IsJump(_entries[previous], next))
            {
                break;
            }

            least = Math.Min(least, next.Arrival - TicksBetween(first, next));
            previous = i;
        }

        return least;
    }

    /// <summary>True when timestamps leap further than time did and than the packet before was long.</summary>
    private bool IsJump(in Entry previous, in Entry next)
    {
        var step = TicksBetween(previous, next);
        return step - (next.Arrival - previous.Arrival) > TimelineRules.SuspiciousDifference
            && step > previous.Ticks;
    }

    /// <summary>
    /// True when a packet goes on where its lineage ends, yet too early: audio that was held back and came at once, before
    /// the take could have room for it. It is heard whole and caught up with in silence.
    /// </summary>
    private static bool IsAheadOfTime(in Entry entry, Lineage lineage, long difference) =>
        difference < 0
        && Math.Abs(lineage.Position(entry.Timestamp) - lineage.End) <= TimelineRules.SuspiciousDifference;

    /// <summary>True when the packets that follow stay away from the arrival clock on the same side.</summary>
    private bool IsSustained(int index, Lineage lineage, long difference)
    {
        ref readonly var first = ref _entries[index];
        var agreeing = 1;
        for (var i = index + 1; i < Math.Min(_count, index + TimelineRules.LookAheadPackets); i++)
        {
            ref readonly var next = ref _entries[i];
            if (next.Arrival - first.Arrival > TimelineRules.LookAhead)
            {
                break;
            }

            if (!IsSameLineage(first, next))
            {
                continue;
            }

            var later = next.Arrival - lineage.Position(next.Timestamp);
            if (Math.Abs(later) <= TimelineRules.SuspiciousDifference || Math.Sign(later) != Math.Sign(difference))
            {
                return false;
            }

            agreeing++;
        }

        // The very end of a stream has too little left to agree with: a pause before it is believed, a bad packet not.
        return agreeing >= TimelineRules.SustainedPackets
            || (agreeing > 1 && difference > TimelineRules.LongGap);
    }

    private StreamTimeline Finish()
    {
        // A stable sort: of two packets at one place the one that was stored first is heard.
        var ordered = _segments.OrderBy(segment => segment.Start).ToList();
        var kept = new List<Segment>(ordered.Count);
        var duplicates = 0;
        long end = 0;
        foreach (var segment in CollectionsMarshal.AsSpan(ordered))
        {
            var cut = (int)Math.Clamp(end - segment.Start, 0, segment.Count);
            var start = segment.Start + cut;

            // What began within the take is heard whole: a take may be closed while its last packet is still spoken.
            if (segment.Start < _length && start < segment.End)
            {
                kept.Add(segment with { Start = start, Skip = cut, Count = (int)(segment.End - start) });
                end = segment.End;
            }
            else if (segment.Start < _length && segment.End > 0)
            {
                duplicates++;
            }
        }

        return new StreamTimeline([.. kept], new TimelineReport
        {
            Label = _stream.Label,
            Packets = _stream.Packets.Count,
            Placed = kept.Count,
            Malformed = _malformed,
            Duplicates = duplicates,
            Strays = _strays,
            SilentPackets = _silent,
            Undecodable = _unknown.Sum() + _unreadable.Sum(),
            TooManySources = _tooManySources,
            Reanchored = _reanchored,
            SenderClock = _spoken.KnowsAny,
            SamplesInserted = _inserted,
            SamplesDropped = _dropped,
            Notes = Notes(),
        });
    }

    private List<string> Notes()
    {
        var notes = new List<string>(_spoken.Notes);
        for (byte type = 0; type < _unknown.Length; type++)
        {
            if (_unknown[type] > 0)
            {
                notes.Add(_roles.Missing(type) is { } missing
                    ? $"codecUnavailable: {Packets(type, _unknown[type])}: {missing}"
                    : $"unknownCodec: {Packets(type, _unknown[type])}");
            }

            if (_unreadable[type] > 0)
            {
                notes.Add($"unreadablePayload: {Packets(type, _unreadable[type])}");
            }
        }

        if (_tooManySources > 0)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"tooManySources: {_tooManySources} packets"));
        }

        return notes;
    }

    private string Packets(byte type, int count) => string.Create(
        CultureInfo.InvariantCulture, $"payload type {type} ({_roles.Name(type)}), {count} packets");

    private bool IsSameLineage(in Entry one, in Entry other) =>
        one.Ssrc == other.Ssrc && ClockRate(one) == ClockRate(other);

    // Both of one lineage.
    private long TicksBetween(in Entry earlier, in Entry later) =>
        Lineage.ToTicks((int)(later.Timestamp - earlier.Timestamp), ClockRate(earlier));

    private int ClockRate(in Entry entry) => _roles.Codec(entry.PayloadType)!.ClockRate;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(
        long Arrival, uint Ssrc, uint Timestamp, int Index, int PayloadOffset, int PayloadLength, byte PayloadType,
        int Ticks);
}
