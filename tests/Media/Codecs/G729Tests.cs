using Talreg.Media.Codecs;
using Talreg.TestKit;

namespace Talreg.Media.Tests.Codecs;

public class G729Tests
{
    private static readonly TimeSpan Packet = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task TryRender_frames_are_what_the_decoder_makes_of_them_in_one_go()
    {
        using var folder = new TemporaryFolder();
        var frames = Frames(45 * 50);
        await File.WriteAllBytesAsync(folder["frames.g729"], frames, TestContext.Current.CancellationToken);
        var expected = await Speech.DecodeAsync(folder.Path, "frames.g729", 8000, "-f", "g729");
        var stream = Speech.Stream("G729", 8000, Speech.Packets(frames.Chunk(20), 8000, Packet));
        var wav = Speech.Render(stream, 45 * Speech.Second);
        var left = RtpPackets.Left(wav);

        // The first block is exact; the second began with another past, which it has forgotten but for rounding.
        Assert.Equal(expected[..(30 * 8000)], left[..(30 * 8000)]);
        var likeness = Speech.Likeness(left.AsSpan(30 * 8000), expected.AsSpan(30 * 8000), 0);
        Assert.True(likeness > 0.99, $"likeness {likeness:0.0000}");
        Speech.AssertReadsAnywhere(wav, () => Speech.Render(stream, 45 * Speech.Second), 33);
    }

    [Fact]
    public void TryRender_comfort_noise_frames_are_silence_of_10_ms()
    {
        Peer.Require("ffmpeg", "ffmpeg");
        var frames = Frames(100);
        var payloads = frames.Chunk(20).Select((two, i) => i switch
        {
            // Frame and noise, noise alone, and so on.
            50 => two[..12],
            51 => two[..2],
            _ => two,
        });
        var stream = Speech.Stream("G729", 8000, Speech.Packets(payloads, 8000, Packet));
        var left = RtpPackets.Left(Speech.Render(stream, 2 * Speech.Second));
        Assert.All(left[8080..8320], sample => Assert.Equal(0, sample));
        Assert.Contains(left[8000..8080], sample => sample != 0);
        Assert.Contains(left[8320..8480], sample => sample != 0);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 80)]
    [InlineData(10, 80)]
    [InlineData(12, 160)]
    [InlineData(20, 160)]
    [InlineData(25, 160)]
    [InlineData(9, 0)]
    public void CountSamples_counts_frames_and_noise(int bytes, int samples)
    {
        var codec = new G729(ExternalDecoder.Find(FakeDecoder.Folder())!);
        Assert.Equal(samples, codec.CountSamples(new byte[bytes]));
    }

    [Fact]
    public void TryRender_without_the_program_says_so_and_hears_the_rest()
    {
        var packets = RtpPackets.Cut(RtpPackets.Noise(50, 45), type: 18);
        var wav = Speech.Render(
            RtpPackets.Stream(packets), Speech.Second, new CodecLibrary(opus: true, decoder: null));
        Assert.Equal(
            ["codecUnavailable: payload type 18 (G729), 50 packets: ffmpeg is not installed (Debian: ffmpeg)"],
            wav.Reports[0].Notes);
    }

    private static byte[] Frames(int packets)
    {
        const int seed = 729;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var frames = new byte[packets * 20];
        new Random(seed).NextBytes(frames);
        return frames;
    }
}
