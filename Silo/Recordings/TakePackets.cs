using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Evidence.Chunks;
using Talreg.Media.Merge;
using Talreg.Media.Timeline;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Recordings;

/// <summary>
/// A sealed take's packets, opened, in order of arrival. Memory: the packets' bytes, as long as it lives.
/// </summary>
internal sealed class TakePackets
{
    private const string Paused = "paused";
    private const RecordedPacketFlags Kind = RecordedPacketFlags.Rtcp | RecordedPacketFlags.Foreign;

    private TakePackets(JsonObject descriptor, List<RecordedPacket> packets, long? realTimeOffsetNs)
    {
        Descriptor = descriptor;
        Packets = packets;
        RealTimeOffsetNs = realTimeOffsetNs ?? (1_000_000 * Milliseconds("startedAt")) - StartNs;
    }

    /// <summary>The recording's descriptor (FORMAT.md §5).</summary>
    public JsonObject Descriptor { get; }

    /// <summary>All packets, foreign ones and RTCP too.</summary>
    public IReadOnlyList<RecordedPacket> Packets { get; }

    /// <summary>
    /// The offset between monotonic and Unix time in the take's first chunk, else at its start, in nanoseconds.
    /// </summary>
    public long RealTimeOffsetNs { get; }

    /// <summary>The take's start in monotonic nanoseconds.</summary>
    public long StartNs => long.Parse(Descriptor["startMonotonicNs"]!.GetValue<string>(), CultureInfo.InvariantCulture);

    /// <summary>The take's end in monotonic nanoseconds.</summary>
    public long EndNs => StartNs + (1_000_000 * (Milliseconds("endedAt") - Milliseconds("startedAt")));

    /// <summary>Times in which the take was told not to store, as media merges them.</summary>
    public IReadOnlyList<MergePause> Pauses =>
    [
        .. (Descriptor["gaps"]?.AsArray() ?? [])
            .Where(gap => gap!["reason"]!.GetValue<string>() == Paused)
            .Select(gap => new MergePause(
                gap!["stream"]?.GetValue<int>(),
                1_000_000 * gap["from"]!.GetValue<long>(),
                1_000_000 * (gap["to"]!.GetValue<long>() + 1))),
    ];

    /// <summary>Opens every chunk of a take.</summary>
    /// <returns>Null when the take's key was destroyed.</returns>
    public static TakePackets? Load(OpenTake take)
    {
        if (take.Keys is not { } keys)
        {
            return null;
        }

        var packets = new List<RecordedPacket>();
        var sources = new Dictionary<(UInt128 Address, int Length, ushort Port), IPEndPoint>();
        long? offset = null;
        foreach (var chunk in take.Recording.OpenChunks(keys))
        {
            offset ??= chunk.Facts.RealTimeOffsetNs;
            Add(packets, sources, new TakeId(take.Recording.Info.TakeId), chunk);
        }

        packets.Sort((a, b) => a.ArrivalUnixNanoseconds.CompareTo(b.ArrivalUnixNanoseconds));
        return new TakePackets(take.Recording.Descriptor, packets, offset);
    }

    /// <summary>The streams as media places them: their own packets, foreign ones left out.</summary>
    public IReadOnlyList<AudioStream> AudioStreams()
    {
        var streams = new List<AudioStream>();
        foreach (var stream in Descriptor["streams"]!.AsArray())
        {
            var index = stream!["index"]!.GetValue<int>();
            var clockRate = stream["clockRate"]!.GetValue<int>();
            var codec = stream["codec"]!.GetValue<string>();
            streams.Add(new AudioStream
            {
                Label = stream["label"]!.GetValue<string>(),
                Codec = codec,
                ClockRate = clockRate > 0 ? clockRate : 8000,
                PayloadTypes = FormatsOf(stream, codec, clockRate),
                Packets = Of(index, RecordedPacketFlags.None),
                Control = Of(index, RecordedPacketFlags.Rtcp),
            });
        }

        return streams;
    }

    // The first format stands in every recording; all of them only in those made since they are kept.
    private static Dictionary<byte, PayloadFormat> FormatsOf(JsonNode stream, string codec, int clockRate)
    {
        var formats = new Dictionary<byte, PayloadFormat>
        {
            [(byte)stream["payloadType"]!.GetValue<int>()] = new(codec, clockRate > 0 ? clockRate : UsualRate(codec)),
        };
        foreach (var format in stream["formats"]?.AsArray() ?? [])
        {
            var rate = format!["clockRate"]!.GetValue<int>();
            var name = format["codec"]!.GetValue<string>();
            formats[(byte)format["payloadType"]!.GetValue<int>()] = new PayloadFormat(
                name,
                rate > 0 ? rate : UsualRate(name),
                format["channels"]!.GetValue<int>(),
                format["parameters"]?.GetValue<string>());
        }

        return formats;
    }

    private static int UsualRate(string codec) => codec.ToUpperInvariant() switch
    {
        "OPUS" => 48_000,
        "AMR-WB" => 16_000,
        _ => 8000,
    };

    private List<StoredPacket> Of(int stream, RecordedPacketFlags kind) =>
    [
        .. Packets
            .Where(packet => packet.Stream == stream && (packet.Flags & Kind) == kind)
            .Select(packet => new StoredPacket(packet.ArrivalUnixNanoseconds - RealTimeOffsetNs, packet.Bytes)),
    ];

    // Arrival times of all chunks are brought to Unix time with each chunk's own offset, so that a clock step in
    // mid-call does not change their order.
    private static void Add(
        List<RecordedPacket> packets,
        Dictionary<(UInt128 Address, int Length, ushort Port), IPEndPoint> sources,
        TakeId take,
        OpenedChunk chunk)
    {
        var frames = new FrameReader(chunk.PlainText.Span);
        while (frames.MoveNext())
        {
            var frame = frames.Current;
            packets.Add(new RecordedPacket(
                take,
                chunk.Facts.Stream,
                frame.ArrivalNs + chunk.Facts.RealTimeOffsetNs,
                SourceOf(sources, frame),
                Destination: null,
                (RecordedPacketFlags)frame.Flags,
                frame.Packet.ToArray()));
        }

        if (frames.Error is { } error)
        {
            throw new InvalidDataException($"Take {take}: a chunk's frames are malformed: {error}.");
        }
    }

    private static IPEndPoint SourceOf(
        Dictionary<(UInt128 Address, int Length, ushort Port), IPEndPoint> sources, in Frame frame)
    {
        UInt128 address = 0;
        foreach (var b in frame.SourceAddress)
        {
            address = (address << 8) | b;
        }

        var key = (address, frame.SourceAddress.Length, frame.SourcePort);
        if (!sources.TryGetValue(key, out var endPoint))
        {
            sources[key] = endPoint = frame.ToEndPoint();
        }

        return endPoint;
    }

    private long Milliseconds(string member) => Descriptor[member]!.GetValue<long>();
}
