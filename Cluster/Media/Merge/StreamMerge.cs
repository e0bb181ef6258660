using System.Buffers.Binary;
using Talreg.Media.Rtp;
using Talreg.Media.Timeline;

namespace Talreg.Media.Merge;

/// <summary>A stream of the merge while takes are laid upon it.</summary>
internal sealed class StreamMerge
{
    private readonly List<StoredPacket> _packets = [];
    private readonly List<byte> _from = [];
    private readonly List<ulong> _has = [];
    private readonly List<bool> _differs = [];
    private readonly Dictionary<PacketKey, int> _byKey = [];
    private readonly Dictionary<(uint Ssrc, ushort Sequence), int> _byNumber = [];
    private readonly HashSet<uint> _sources = [];
    private readonly List<(int Take, int Stream, MergeJoin Join, int Packets)> _given = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<byte, PayloadFormat> _formats;
    private int _paused;

    /// <summary>Begins with a stream of a take.</summary>
    public StreamMerge(AudioStream stream, int take, int index, MergeJoin how)
    {
        Audio = stream;
        _formats = new Dictionary<byte, PayloadFormat>(stream.PayloadTypes);
        var packets = 0;
        foreach (var stored in stream.Packets)
        {
            // What is no RTP is nobody's copy; it stays, so that it is counted as it always was.
            packets += Keep(stored, take, RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _)
                ? PacketKey.Of(rtp)
                : null)
                ? 1
                : 0;
        }

        _given.Add((take, index, how, packets));
    }

    /// <summary>The stream it began with: label, codec, reports.</summary>
    public AudioStream Audio { get; private set; }

    public int Count => _packets.Count;

    public IReadOnlyList<StoredPacket> Packets => _packets;

    public bool HasSource(uint ssrc) => _sources.Contains(ssrc);

    public bool TryFind(PacketKey key, out long arrivalNs) => TryFind(_byKey, key, out arrivalNs);

    public bool TryFindNumber(uint ssrc, ushort sequence, out long arrivalNs) =>
        TryFind(_byNumber, (ssrc, sequence), out arrivalNs);

    /// <summary>The stream's place in a take; null when the take gave none.</summary>
    public int? StreamOf(int take) =>
        _given.Exists(one => one.Take == take) ? _given.Find(one => one.Take == take).Stream : null;

    /// <summary>Lays a take's stream upon it.</summary>
    /// <param name="stream">The stream, on the clock of the merge.</param>
    /// <param name="take">Its take's place.</param>
    /// <param name="index">Its place in the take.</param>
    /// <param name="join">How they go together.</param>
    /// <returns>Packets of sources that the join says nothing of.</returns>
    public List<StoredPacket> Add(AudioStream stream, int take, int index, StreamJoin join)
    {
        var maps = join.Maps.ToDictionary(map => map.Ssrc);
        var foreign = join.How == MergeJoin.Payload ? [] : AdoptFormats(stream);
        var (packets, unread, others) = (0, 0, new List<StoredPacket>());
        foreach (var stored in stream.Packets)
        {
            if (!RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _))
            {
                continue;
            }

            var key = PacketKey.Of(rtp);
            SourceMap? map = null;
            if (join.How == MergeJoin.Payload && !maps.TryGetValue(rtp.Ssrc, out map))
            {
                others.Add(stored);
                continue;
            }

            key = map?.Apply(key) ?? key;
            if (_byKey.TryGetValue(key, out var known))
            {
                packets += Compare(known, rtp, take) ? 1 : 0;
            }
            else if (foreign.Contains(rtp.PayloadType)
                || (map is not null && !map.PayloadTypes.ContainsKey(rtp.PayloadType)))
            {
                unread++;
            }
            else
            {
                Keep(map is null ? stored : Renumber(stored, rtp, key, map.PayloadTypes[rtp.PayloadType]), take, key);
                packets++;
            }
        }

        if (unread > 0)
        {
            _notes.Add(
                $"formatsDiffer: {unread} packets of take {take + 1} have a payload type that is another format here");
        }

        if (Audio.Control.Count == 0 && join.How != MergeJoin.Payload)
        {
            Audio = Audio with { Control = stream.Control };
        }

        _given.Add((take, index, join.How, packets));
        return others;
    }

    /// <summary>Leaves out what lies in a take's pause and the take does not have itself.</summary>
    public void Pause(int take, List<(long FromNs, long ToNs)> pauses)
    {
        if (pauses.Count == 0)
        {
            return;
        }

        var kept = 0;
        for (var i = 0; i < _packets.Count; i++)
        {
            var at = _packets[i].ArrivalNs;
            if ((_has[i] & Bit(take)) == 0 && pauses.Exists(pause => pause.FromNs <= at && at <= pause.ToNs))
            {
                _paused++;
                continue;
            }

            (_packets[kept], _from[kept], _has[kept], _differs[kept]) = (_packets[i], _from[i], _has[i], _differs[i]);
            kept++;
        }

        _packets.RemoveRange(kept, _packets.Count - kept);
        _from.RemoveRange(kept, _from.Count - kept);
        _has.RemoveRange(kept, _has.Count - kept);
        _differs.RemoveRange(kept, _differs.Count - kept);
    }

    /// <summary>The stream, in order of arrival. Nothing is added or paused afterwards.</summary>
    public MergedStream Finish()
    {
        // Stable: what came at one time stays in the order of its take.
        var order = Enumerable.Range(0, _packets.Count).OrderBy(i => _packets[i].ArrivalNs).ToArray();
        var takes = Array.ConvertAll(order, i => _from[i]);
        return new MergedStream
        {
            Audio = Audio with { Packets = Array.ConvertAll(order, i => _packets[i]), PayloadTypes = _formats },
            Takes = takes,
            Sources = [.. _given.Select(one => new MergedSource(
                one.Take,
                one.Stream,
                one.Join,
                one.Packets,
                _from.Count(from => from == one.Take),
                _has.Count(has => has == Bit(one.Take))))],
            Disagreements = _differs.Count(static differs => differs),
            Paused = _paused,
            Notes = _notes,
        };
    }

    private static ulong Bit(int take) => 1UL << take;

    /// <summary>Adds a packet; false when it came twice, and for what is no RTP.</summary>
    private bool Keep(in StoredPacket stored, int take, PacketKey? key)
    {
        if (key is { } named)
        {
            if (!_byKey.TryAdd(named, _packets.Count))
            {
                return false;
            }

            _byNumber[(named.Ssrc, named.Sequence)] = _packets.Count;
            _sources.Add(named.Ssrc);
        }

        _packets.Add(stored);
        _from.Add((byte)take);
        _has.Add(Bit(take));
        _differs.Add(false);
        return key is not null;
    }

    /// <summary>Notes that another take has a packet too; false when it was noted before.</summary>
    private bool Compare(int known, in RtpPacketView rtp, int take)
    {
        if ((_has[known] & Bit(take)) != 0)
        {
            return false;
        }

        _has[known] |= Bit(take);
        _differs[known] |= !RtpPacketView.TryParse(_packets[known].Packet.Span, out var here, out _)
            || !here.Payload.SequenceEqual(rtp.Payload);
        return true;
    }

    /// <summary>Takes over what SDP said of payload types that are new here.</summary>
    /// <returns>Those that mean another format in the take.</returns>
    private HashSet<byte> AdoptFormats(AudioStream stream)
    {
        var foreign = new HashSet<byte>();
        foreach (var (type, format) in stream.PayloadTypes)
        {
            if (!_formats.TryAdd(type, format)
                && (!_formats[type].Name.Equals(format.Name, StringComparison.OrdinalIgnoreCase)
                    || _formats[type].ClockRate != format.ClockRate))
            {
                foreign.Add(type);
            }
        }

        return foreign;
    }

    // A copy: the recording's own bytes stay what they are.
    private static StoredPacket Renumber(in StoredPacket stored, in RtpPacketView rtp, PacketKey key, byte type)
    {
        var packet = stored.Packet.ToArray();
        packet[1] = (byte)((rtp.Marker ? 0x80 : 0) | type);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), key.Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), key.Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), key.Ssrc);
        return stored with { Packet = packet };
    }

    private bool TryFind<T>(Dictionary<T, int> places, T key, out long arrivalNs)
        where T : notnull
    {
        var found = places.TryGetValue(key, out var index);
        arrivalNs = found ? _packets[index].ArrivalNs : 0;
        return found;
    }
}
