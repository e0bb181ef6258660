using System.Buffers.Binary;
using System.Net;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;

namespace Talreg.Store.Tests.Vectors;

/// <summary>What the frozen take says: two parties, 80 ms each of A-law across a slot's edge, one control packet.</summary>
internal static class VectorTake
{
    /// <summary>2026-01-01 00:00:00 UTC.</summary>
    internal const long StartedAtMs = 1_767_225_600_000;

    internal const long EndedAtMs = StartedAtMs + 1_100;

    /// <summary>BYE.</summary>
    internal const byte EndReason = 1;

    internal const long StartNs = 1_000_000_000_000;

    private const int SamplesPerPacket = 160;

    private static readonly IPEndPoint[] Sources =
    [
        new(IPAddress.Parse("192.0.2.10"), 40000), new(IPAddress.Parse("2001:db8::10"), 40002),
    ];

    internal static IEnumerable<(ChunkFacts Facts, byte[] PlainText)> Chunks()
    {
        yield return Chunk(0, 960, 0, withControl: false);
        yield return Chunk(1, 961, 0, withControl: false);
        yield return Chunk(0, 1000, 2, withControl: false);
        yield return Chunk(1, 1001, 2, withControl: true);
    }

    /// <summary>An RTP packet of the take (RFC 3550 §5.1): payload type 8, its samples counting up.</summary>
    internal static byte[] Rtp(int stream, int number)
    {
        var packet = new byte[12 + SamplesPerPacket];
        packet[0] = 0x80;
        packet[1] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(65_534 + number));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(number * SamplesPerPacket));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), Ssrc(stream));
        for (var i = 0; i < SamplesPerPacket; i++)
        {
            packet[12 + i] = (byte)((number * SamplesPerPacket) + i + (stream * 7));
        }

        return packet;
    }

    /// <summary>An empty receiver report (RFC 3550 §6.4.2).</summary>
    internal static byte[] Rtcp(int stream)
    {
        var packet = new byte[8];
        packet[0] = 0x80;
        packet[1] = 201;
        packet[3] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), Ssrc(stream));
        return packet;
    }

    internal static JsonObject Facts() => new()
    {
        ["bootId"] = VectorBytes.BootId.ToString("D"),
        ["call"] = VectorBytes.Take.CallId.ToString("D"),
        ["epoch"] = VectorBytes.Take.Epoch,
        ["gateway"] = "gw-1",
        ["interface"] = "main",
        ["kind"] = "call",
        ["site"] = VectorBytes.Take.Site,
        ["startMonotonicNs"] = "1000000000000",
        ["startedAt"] = StartedAtMs,
        ["take"] = VectorBytes.Take.TakeId.ToString("D"),
        ["tenant"] = VectorBytes.Take.Tenant,
        ["version"] = 1,
    };

    internal static JsonObject Event() => new() { ["at"] = StartedAtMs + 990, ["participants"] = Participants() };

    internal static JsonObject Metadata() => new() { ["participants"] = Participants() };

    internal static JsonObject Descriptor(ulong chunks, ReadOnlySpan<byte> head)
    {
        var descriptor = Facts();
        descriptor["chainHead"] = Convert.ToHexStringLower(head);
        descriptor["chunks"] = chunks;
        descriptor["endReason"] = "bye";
        descriptor["endedAt"] = EndedAtMs;
        descriptor["flags"] = new JsonArray();
        descriptor["gaps"] = new JsonArray();
        descriptor["streams"] = new JsonArray(Stream(0, "caller"), Stream(1, "callee"));
        return descriptor;
    }

    private static JsonArray Participants() => new("sip:alice@example.org", "sip:bob@example.org");

    private static JsonObject Stream(int index, string label) => new()
    {
        ["clockRate"] = 8000,
        ["codec"] = "PCMA",
        ["firstAt"] = StartedAtMs + 960 + index,
        ["foreign"] = 0,
        ["index"] = index,
        ["kernelDrops"] = 0,
        ["label"] = label,
        ["lastAt"] = StartedAtMs + 1020 + index,
        ["late"] = 0,
        ["lost"] = 0,
        ["packets"] = 4,
        ["payloadType"] = 8,
    };

    // Two packets 20 ms apart; sequence numbers pass 65535 within the take.
    private static (ChunkFacts Facts, byte[] PlainText) Chunk(int stream, int firstMs, int number, bool withControl)
    {
        var text = new byte[ChunkHeader.MaxPlainText];
        var first = StartNs + (firstMs * 1_000_000L);
        var last = first + 20_000_000;
        var length = FrameWriter.WriteSource(text, 0, Sources[stream], first);
        length += FrameWriter.WriteFrame(text.AsSpan(length), FrameFlags.None, 0, first, Rtp(stream, number));
        length += FrameWriter.WriteFrame(text.AsSpan(length), FrameFlags.None, 0, last, Rtp(stream, number + 1));
        if (withControl)
        {
            var flags = FrameFlags.Rtcp | FrameFlags.EstimatedArrival;
            length += FrameWriter.WriteFrame(text.AsSpan(length), flags, 0, last, Rtcp(stream));
        }

        var facts = new ChunkFacts
        {
            Stream = (ushort)stream,
            Slot = (uint)(firstMs / 1000),
            Packets = withControl ? 3u : 2u,
            FirstArrivalNs = first,
            LastArrivalNs = last,
            RealTimeOffsetNs = (StartedAtMs * 1_000_000) - StartNs,
            ClockQuality = ClockQuality.Synchronised,
            MaxClockErrorUs = 250,
        };
        return (facts, text[..length]);
    }

    private static uint Ssrc(int stream) => 0x1000_0000u + (uint)stream;
}
