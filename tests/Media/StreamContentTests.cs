using System.Buffers.Binary;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests;

public class StreamContentTests
{
    [Fact]
    public void TryRender_ssrc_change_goes_on_without_a_seam()
    {
        var voice = RtpPackets.Noise(100, 21);
        var packets = new List<StoredPacket>();
        for (var i = 0; i < 100; i++)
        {
            packets.Add(RtpPackets.Make(
                i * RtpPackets.PacketNs, i, voice.AsSpan(i * 160, 160), ssrc: i < 50 ? 1u : 0xFFFF_FFFF,
                firstTimestamp: i < 50 ? 7u : 3_000_000_000));
        }

        var wav = RtpPackets.Render(0, 100 * RtpPackets.PacketNs, RtpPackets.Stream(packets));
        Assert.Equal(RtpPackets.Decode(voice), RtpPackets.Left(wav));
        Assert.Equal((100, 0, 0), (wav.Reports[0].Placed, wav.Reports[0].Reanchored, wav.Reports[0].Duplicates));
    }

    [Fact]
    public void TryRender_duplicates_are_heard_once()
    {
        var voice = RtpPackets.Noise(50, 22);
        var packets = RtpPackets.Cut(voice).SelectMany(packet => new[]
        {
            packet, packet with { ArrivalNs = packet.ArrivalNs + 3_000_000 },
        }).ToList();
        var wav = RtpPackets.Render(0, 50 * RtpPackets.PacketNs, RtpPackets.Stream(packets));
        Assert.Equal(RtpPackets.Decode(voice), RtpPackets.Left(wav));
        Assert.Equal((100, 50, 50), (wav.Reports[0].Packets, wav.Reports[0].Placed, wav.Reports[0].Duplicates));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    public void TryRender_late_packet_is_heard_in_its_place(int late)
    {
        var voice = RtpPackets.Noise(100, 23);
        var packets = RtpPackets.Cut(voice);
        var moved = packets[10];
        packets.RemoveAt(10);
        packets.Insert(10 + late, moved with { ArrivalNs = moved.ArrivalNs + (late * RtpPackets.PacketNs) + 1 });
        var wav = RtpPackets.Render(0, 100 * RtpPackets.PacketNs, RtpPackets.Stream(packets));
        Assert.Equal(RtpPackets.Decode(voice), RtpPackets.Left(wav));
        Assert.Equal((0, 0), (wav.Reports[0].Reanchored, wav.Reports[0].Strays));
    }

    [Fact]
    public void TryRender_comfort_noise_is_silence_of_its_length()
    {
        var voice = RtpPackets.Noise(60, 24);
        var packets = RtpPackets.Cut(voice);
        packets.RemoveRange(20, 20);
        packets.Insert(20, RtpPackets.Make(20 * RtpPackets.PacketNs, 20, [0x40], type: 13));
        packets.Insert(21, RtpPackets.Make(30 * RtpPackets.PacketNs, 30, [0x40, 1, 2], type: 13));
        var wav = RtpPackets.Render(0, 60 * RtpPackets.PacketNs, RtpPackets.Stream(packets));
        var expected = RtpPackets.Decode(voice);
        Array.Clear(expected, 20 * 160, 20 * 160);
        Assert.Equal(expected, RtpPackets.Left(wav));
        Assert.Equal((2, 40, 0), (wav.Reports[0].SilentPackets, wav.Reports[0].Placed, wav.Reports[0].Undecodable));
        Assert.Empty(wav.Reports[0].Notes);
    }

    [Fact]
    public void TryRender_codec_it_cannot_decode_is_silence_with_a_note()
    {
        var packets = RtpPackets.Cut(RtpPackets.Noise(500, 25), type: 3);
        packets.AddRange(Enumerable.Range(0, 3).Select(
            i => RtpPackets.Make((500 + i) * RtpPackets.PacketNs, 500 + i, [1, 2, 3], type: 111)));
        var stream = RtpPackets.Stream(packets) with
        {
            PayloadTypes = new Dictionary<byte, PayloadFormat> { [111] = new("EVS", 8000) },
        };
        var wav = RtpPackets.Render(0, 510 * RtpPackets.PacketNs, stream);
        Assert.All(RtpPackets.Left(wav), sample => Assert.Equal(0, sample));
        Assert.Equal((503, 0), (wav.Reports[0].Undecodable, wav.Reports[0].Placed));
        Assert.Equal(
            ["unknownCodec: payload type 3 (GSM), 500 packets", "unknownCodec: payload type 111 (EVS), 3 packets"],
            wav.Reports[0].Notes);
    }

    [Fact]
    public void TryRender_second_stream_is_the_right_channel_alone()
    {
        var one = RtpPackets.Noise(30, 26);
        var two = RtpPackets.Noise(30, 27);
        var wav = RtpPackets.Render(
            0, 30 * RtpPackets.PacketNs,
            RtpPackets.Stream(RtpPackets.Cut(one)),
            RtpPackets.Stream(RtpPackets.Cut(two, ssrc: 2, type: 0), "2") with { Codec = "PCMU" });
        Assert.Equal(RtpPackets.Decode(one), RtpPackets.Left(wav));
        Assert.Equal([.. two.Select(G711MuLaw.Decode)], RtpPackets.Right(wav));
        Assert.Equal(["1", "2"], wav.Reports.Select(report => report.Label));
    }

    [Theory]
    [InlineData(0xAA, 0xAA, 32767)]
    [InlineData(0x2A, 0x2A, -32768)]
    [InlineData(0xAA, 0x2A, 0)]
    [InlineData(0xAA, 0xD5, 32264)]
    public void TryRender_third_stream_is_mixed_into_the_left_and_saturates(int first, int third, int sum)
    {
        var wav = RtpPackets.Render(
            0, 10 * RtpPackets.PacketNs,
            RtpPackets.Stream(RtpPackets.Cut(RtpPackets.Filled(10, (byte)first))),
            RtpPackets.Stream(RtpPackets.Cut(RtpPackets.Filled(10, 0x80)), "2"),
            RtpPackets.Stream(RtpPackets.Cut(RtpPackets.Filled(10, (byte)third)), "3"));
        Assert.All(RtpPackets.Left(wav), sample => Assert.Equal(sum, sample));
        Assert.All(RtpPackets.Right(wav), sample => Assert.Equal(5504, sample));
    }

    [Fact]
    public void TryRender_garbage_and_a_stray_timestamp_do_not_move_what_is_around_them()
    {
        var voice = RtpPackets.Noise(50, 28);
        var packets = RtpPackets.Cut(voice);
        var stray = packets[25].Packet.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(stray.AsSpan(4), 2_000_000_000);
        packets.Insert(25, new StoredPacket(packets[25].ArrivalNs, stray));
        packets.Insert(5, new StoredPacket(packets[5].ArrivalNs, new byte[] { 0x80, 8, 0 }));
        var wav = RtpPackets.Render(0, 50 * RtpPackets.PacketNs, RtpPackets.Stream(packets));
        Assert.Equal(RtpPackets.Decode(voice), RtpPackets.Left(wav));
        Assert.Equal((1, 1, 50), (wav.Reports[0].Strays, wav.Reports[0].Malformed, wav.Reports[0].Placed));
    }

    [Fact]
    public void TryRender_sources_past_the_limit_are_ignored_and_named()
    {
        var voice = RtpPackets.Filled(1, 0xAA);
        var packets = Enumerable.Range(0, 300)
            .Select(i => RtpPackets.Make(i * RtpPackets.PacketNs, i, voice, ssrc: (uint)i)).ToList();
        var wav = RtpPackets.Render(0, 300 * RtpPackets.PacketNs, RtpPackets.Stream(packets));
        Assert.Equal((256, 44), (wav.Reports[0].Placed, wav.Reports[0].TooManySources));
        Assert.Equal(["tooManySources: 44 packets"], wav.Reports[0].Notes);
        Assert.All(RtpPackets.Left(wav)[(256 * 160)..], sample => Assert.Equal(0, sample));
    }
}
