using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests.Codecs;

public class WidebandMixTests
{
    [Fact]
    public void TryRender_beside_a_wideband_stream_g711_keeps_every_sample_at_every_second_place()
    {
        var voice = RtpPackets.Noise(100, 41);
        Assert.True(CallAudio.TryRender(
            0, 2 * Speech.Second, [RtpPackets.Stream(RtpPackets.Cut(voice)), Wide(100)], out var wav, out _));
        var left = RtpPackets.Left(wav);
        Assert.Equal(16_000, wav.SampleRate);
        Assert.Equal(RtpPackets.Decode(voice), left.Where((_, i) => i % 2 == 0));
    }

    [Fact]
    public void TryRender_beside_a_wideband_stream_g711_is_smooth_between_its_samples()
    {
        var voice = new byte[100 * 160];
        for (var i = 0; i < voice.Length; i++)
        {
            voice[i] = G711ALaw.Encode((short)(8000 * Math.Sin(2 * Math.PI * 400 * i / 8000)));
        }

        Assert.True(CallAudio.TryRender(
            0, 2 * Speech.Second, [RtpPackets.Stream(RtpPackets.Cut(voice)), Wide(100)], out var wav, out _));
        var left = RtpPackets.Left(wav);
        for (var i = 100; i < left.Length - 100; i++)
        {
            Assert.InRange(left[i] - (8000 * Math.Sin(2 * Math.PI * 400 * i / 16_000)), -400, 400);
        }
    }

    [Fact]
    public void TryRender_constant_stays_constant()
    {
        var voice = RtpPackets.Filled(100, 0x80);
        Assert.True(CallAudio.TryRender(
            0, 2 * Speech.Second, [RtpPackets.Stream(RtpPackets.Cut(voice)), Wide(100)], out var wav, out _));
        Assert.All(RtpPackets.Left(wav)[40..^40], sample => Assert.Equal(G711ALaw.Decode(0x80), sample));
    }

    [Fact]
    public void TryRender_codec_that_was_agreed_but_never_sent_leaves_the_wav_at_8000_hz()
    {
        var voice = RtpPackets.Noise(50, 42);
        var stream = RtpPackets.Stream(RtpPackets.Cut(voice)) with { Codec = "opus", ClockRate = 48_000 };
        var wav = Speech.Render(stream, Speech.Second);
        Assert.Equal(8000, wav.SampleRate);
        Assert.Equal(RtpPackets.Decode(voice), RtpPackets.Left(wav));
    }

    [Fact]
    public void TryRender_codec_switch_in_mid_stream_goes_on_without_a_seam()
    {
        var voice = RtpPackets.Noise(50, 43);
        var packets = RtpPackets.Cut(voice);
        packets.AddRange(Silence(100).Skip(50));
        var stream = Speech.Stream("L16", 16_000, packets);
        var wav = Speech.Render(stream, 2 * Speech.Second);
        Assert.Equal((100, 0, 0), (wav.Reports[0].Placed, wav.Reports[0].Reanchored, wav.Reports[0].Strays));
        Assert.Equal(RtpPackets.Decode(voice), RtpPackets.Left(wav)[..16_000].Where((_, i) => i % 2 == 0));
    }

    // Packets of 1,400 bytes of G.722 that claim 175 ms each and come every millisecond.
    [Fact]
    public void DecodedBlocks_of_packets_longer_than_the_time_between_them_stay_bounded()
    {
        var codec = G722.Instance;
        var segments = Enumerable.Range(0, 5000)
            .Select(i => new Segment(8L * i, 8, 0, codec, new byte[1400])).ToArray();
        var blocks = new DecodedBlocks(segments);
        Assert.InRange(blocks.Count, 5000 * 1400 / 80_000, 5000);
        Assert.Equal(2800, blocks.SamplesOf(4999).Length);
    }

    private static AudioStream Wide(int packets) => Speech.Stream("L16", 16_000, Silence(packets));

    private static List<StoredPacket> Silence(int packets) => Speech.Packets(
        Enumerable.Range(0, packets).Select(_ => new byte[640]), 16_000, TimeSpan.FromMilliseconds(20));
}
