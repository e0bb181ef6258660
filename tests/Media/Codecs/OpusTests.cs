using Talreg.Media.Codecs;
using Talreg.TestKit;

namespace Talreg.Media.Tests.Codecs;

public class OpusTests
{
    // RFC 6716 table 2 and the frame count codes.
    [Theory]
    [InlineData(new byte[] { 0 << 3 }, 80)]
    [InlineData(new byte[] { 1 << 3 }, 160)]
    [InlineData(new byte[] { 2 << 3 }, 320)]
    [InlineData(new byte[] { 3 << 3 }, 480)]
    [InlineData(new byte[] { 11 << 3 }, 480)]
    [InlineData(new byte[] { 12 << 3 }, 80)]
    [InlineData(new byte[] { 15 << 3 }, 160)]
    [InlineData(new byte[] { 16 << 3 }, 20)]
    [InlineData(new byte[] { 29 << 3 }, 40)]
    [InlineData(new byte[] { 31 << 3 }, 160)]
    [InlineData(new byte[] { (31 << 3) | 1 }, 320)]
    [InlineData(new byte[] { (31 << 3) | 2 }, 320)]
    [InlineData(new byte[] { (31 << 3) | 3, 6 }, 960)]
    [InlineData(new byte[] { (31 << 3) | 3, 7 }, 0)]
    [InlineData(new byte[] { (31 << 3) | 3, 0 }, 0)]
    [InlineData(new byte[] { (31 << 3) | 3 }, 0)]
    [InlineData(new byte[] { }, 0)]
    public void CountTicks_follows_the_table(byte[] packet, int ticks) =>
        Assert.Equal(ticks, OpusPacket.CountTicks(packet));

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    public async Task TryRender_speech_of_another_encoder_is_heard(int frameMs)
    {
        Require();
        using var folder = new TemporaryFolder();
        await Speech.SpeakAsync(folder.Path, 16_000);
        await Speech.RunAsync(
            folder.Path, "opusenc", "opus-tools", "--quiet", "--bitrate", "32", "--framesize", $"{frameMs}",
            "speech.wav", "speech.opus");
        var packets = OggPackets.Read(await File.ReadAllBytesAsync(
            folder["speech.opus"], TestContext.Current.CancellationToken)).Skip(2).ToList();
        var length = packets.Count * frameMs * 1_000_000L;
        var stream = Speech.Stream(
            "opus", 48_000, Speech.Packets(packets, 48_000, TimeSpan.FromMilliseconds(frameMs)));
        var wav = Speech.Render(stream, length);
        Assert.Equal((16_000, packets.Count, 0), (wav.SampleRate, wav.Reports[0].Placed, wav.Reports[0].Undecodable));
        var spoken = Speech.Samples((await File.ReadAllBytesAsync(
            folder["speech.wav"], TestContext.Current.CancellationToken)).AsSpan(78));
        var likeness = Speech.Likeness(RtpPackets.Left(wav), spoken, 400);
        Assert.True(likeness > 0.9, $"likeness {likeness:0.000}");
        Speech.AssertReadsAnywhere(wav, () => Speech.Render(stream, length), 32);
    }

    [Fact]
    public void TryRender_packet_the_decoder_refuses_is_silence_of_its_length()
    {
        Require();

        // Code 2: the first frame claims 200 bytes, of which the packet has none.
        byte[] bad = [(31 << 3) | 2, 200];
        var payloads = Enumerable.Range(0, 10).Select(_ => bad);
        var packets = Speech.Packets(payloads, 48_000, TimeSpan.FromMilliseconds(40));
        var wav = Speech.Render(Speech.Stream("opus", 48_000, packets), 400_000_000);
        Assert.All(RtpPackets.Left(wav), sample => Assert.Equal(0, sample));
    }

    [Fact]
    public void TryRender_without_the_library_says_so_and_hears_the_rest()
    {
        var voice = RtpPackets.Noise(50, 44);
        var packets = RtpPackets.Cut(voice);
        packets.AddRange(Speech.Packets([[0xF8, 1], [0xF8, 2]], 48_000, TimeSpan.FromMilliseconds(20)));
        var wav = Speech.Render(
            Speech.Stream("opus", 48_000, packets), Speech.Second, new CodecLibrary(opus: false, decoder: null));
        Assert.Equal(RtpPackets.Decode(voice), RtpPackets.Left(wav));
        Assert.Equal(
            ["codecUnavailable: payload type 96 (opus), 2 packets: libopus.so.0 is not installed (Debian: libopus0)"],
            wav.Reports[0].Notes);
    }

    private static void Require()
    {
        if (!OpusLibrary.IsPresent)
        {
            Peer.Missing("libopus.so.0", "libopus0");
        }
    }
}
