using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Talreg.Media.Codecs;

namespace Talreg.Media.Tests.Codecs;

public class G722Tests
{
    private static readonly TimeSpan Packet = TimeSpan.FromMilliseconds(20);

    // What an independent decoder makes of the same 16,000 bytes: every code, every step size, every sign.
    [Fact]
    public void Decode_of_random_codes_is_bit_exact()
    {
        var samples = new short[32_000];
        new G722Decoder().Decode(Codes(16_000), samples);
        Assert.Equal(
            "16a37bd45517b7b2d1693bde292b7a74394ec2c4edf7392aff615e9032ca2266",
            Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<short>(samples))));
    }

    [Fact]
    public void TryRender_ticks_with_8000_hz_and_sounds_with_16000()
    {
        var codes = Codes(80 * 160);
        var stream = Speech.Stream("G722", 8000, Speech.Packets(codes.Chunk(160), 8000, Packet));
        var wav = Speech.Render(stream, 2 * Speech.Second);
        var expected = new short[32_000];
        new G722Decoder().Decode(codes, expected);
        Assert.Equal((16_000, TimeSpan.FromSeconds(2)), (wav.SampleRate, wav.Duration));
        Assert.Equal(44 + (32_000 * 4), wav.Length);
        Assert.Equal(expected[..25_600], RtpPackets.Left(wav)[..25_600]);
    }

    [Fact]
    public void TryRender_every_block_is_what_one_decoder_makes_of_the_whole()
    {
        var codes = Codes(45 * 8000);
        var stream = Speech.Stream("G722", 8000, Speech.Packets(codes.Chunk(160), 8000, Packet));
        var wav = Speech.Render(stream, 45 * Speech.Second);
        var expected = new short[45 * 16_000];
        new G722Decoder().Decode(codes, expected);
        Assert.Equal(expected, RtpPackets.Left(wav));
        Speech.AssertReadsAnywhere(wav, () => Speech.Render(stream, 45 * Speech.Second), 31);
    }

    [Fact]
    public async Task Decode_of_speech_from_another_encoder_is_what_another_decoder_makes_of_it()
    {
        using var folder = new TemporaryFolder();
        await Speech.SpeakAsync(folder.Path, 16_000);
        await Speech.RunAsync(
            folder.Path, "ffmpeg", "ffmpeg", "-loglevel", "error", "-i", "speech.wav", "-f", "g722", "speech.g722");
        var codes = await File.ReadAllBytesAsync(folder["speech.g722"], TestContext.Current.CancellationToken);
        var samples = new short[2 * codes.Length];
        new G722Decoder().Decode(codes, samples);
        Assert.Equal(await Speech.DecodeAsync(folder.Path, "speech.g722", 16_000, "-f", "g722"), samples);
        Assert.Contains(samples, sample => sample > 5000);
    }

    private static byte[] Codes(int count)
    {
        var codes = new byte[count];
        uint state = 1;
        for (var i = 0; i < count; i++)
        {
            state = ((state * 1_103_515_245) + 12_345) & 0x7FFF_FFFF;
            codes[i] = (byte)(state >> 16);
        }

        return codes;
    }
}
