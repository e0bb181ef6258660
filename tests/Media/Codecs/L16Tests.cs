using System.Buffers.Binary;

namespace Talreg.Media.Tests.Codecs;

public class L16Tests
{
    private static readonly TimeSpan Packet = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(8000)]
    [InlineData(16_000)]
    public void TryRender_at_a_rate_of_the_wav_is_sample_exact(int rate)
    {
        var voice = Tone(rate, rate, 440, 12_000);
        var wav = Render(voice, rate);
        Assert.Equal(rate, wav.SampleRate);
        Assert.Equal(voice, RtpPackets.Left(wav));
    }

    [Theory]
    [InlineData(11_025)]
    [InlineData(24_000)]
    [InlineData(32_000)]
    [InlineData(44_100)]
    [InlineData(48_000)]
    public void TryRender_at_another_rate_keeps_the_tone(int rate)
    {
        var wav = Render(Tone(rate, rate, 1000, 12_000), rate);
        Assert.Equal(16_000, wav.SampleRate);
        var expected = Tone(16_000, 16_000, 1000, 12_000);
        var left = RtpPackets.Left(wav);
        for (var i = 100; i < 15_900; i++)
        {
            Assert.InRange(left[i] - expected[i], -60, 60);
        }
    }

    [Fact]
    public void TryRender_at_48000_hz_does_not_fold_what_16000_cannot_hold()
    {
        var left = RtpPackets.Left(Render(Tone(48_000, 48_000, 11_000, 12_000), 48_000));
        Assert.All(left[200..15_800], sample => Assert.InRange(sample, -20, 20));
    }

    [Fact]
    public void TryRender_static_type_10_is_two_channels()
    {
        var voice = Tone(44_100, 44_100, 500, 9000);
        var stereo = voice.SelectMany(sample => new[] { sample, (short)0 }).ToArray();
        var packets = Speech.Packets(Bytes(stereo).Chunk(882 * 4), 44_100, Packet, type: 10);
        var wav = Speech.Render(RtpPackets.Stream(packets), Speech.Second);
        var expected = Tone(16_000, 16_000, 500, 4500);
        var left = RtpPackets.Left(wav);
        for (var i = 100; i < 15_900; i++)
        {
            Assert.InRange(left[i] - expected[i], -60, 60);
        }
    }

    private static Wav.CallWav Render(short[] voice, int rate)
    {
        // 40 ms are whole samples at every rate.
        var stream = Speech.Stream(
            "L16", rate, Speech.Packets(Bytes(voice).Chunk(rate / 25 * 2), rate, 2 * Packet));
        return Speech.Render(stream, Speech.Second);
    }

    private static short[] Tone(int count, int rate, double frequency, double amplitude) =>
        [.. Enumerable.Range(0, count).Select(
            i => (short)Math.Round(amplitude * Math.Sin(2 * Math.PI * frequency * i / rate)))];

    private static byte[] Bytes(short[] samples)
    {
        var bytes = new byte[2 * samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(2 * i), samples[i]);
        }

        return bytes;
    }
}
