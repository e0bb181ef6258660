using System.Text;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests.Codecs;

public class AmrTests
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(20);

    public static TheoryData<bool, int> SpeechTypes()
    {
        var data = new TheoryData<bool, int>();
        for (var type = 0; type < 9; type++)
        {
            data.Add(true, type);
            if (type < 8)
            {
                data.Add(false, type);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(SpeechTypes))]
    public void WriteSpeech_gives_the_same_frame_from_either_packing(bool wide, int type)
    {
        var mode = wide ? AmrMode.Wide : AmrMode.Narrow;
        var frame = RandomFrame(mode, type, 100 + type);
        foreach (var aligned in new[] { true, false })
        {
            foreach (var count in new[] { 1, 2, 3 })
            {
                var payload = AmrPacker.Pack(mode, Enumerable.Repeat((type, true, frame), count), aligned);
                Assert.Equal(count, AmrPayload.CountFrames(mode, payload));
                using var file = new MemoryStream();
                Assert.Equal(count, AmrPayload.WriteSpeech(mode, payload, file, out var spoken));
                Assert.Equal((1 << count) - 1, spoken);
                byte[] entry = [(byte)((type << 3) | 4), .. frame];
                Assert.Equal(Enumerable.Repeat(entry, count).SelectMany(bytes => bytes), file.ToArray());
            }
        }
    }

    [Fact]
    public void WriteSpeech_leaves_out_noise_absent_and_damaged_frames()
    {
        var mode = AmrMode.Narrow;
        var frame = RandomFrame(mode, 7, 5);
        var frames = new (int, bool, byte[])[]
        {
            (7, true, frame), (8, true, new byte[5]), (15, true, []), (7, false, frame), (7, true, frame),
        };
        foreach (var aligned in new[] { true, false })
        {
            using var file = new MemoryStream();
            Assert.Equal(5, AmrPayload.WriteSpeech(mode, AmrPacker.Pack(mode, frames, aligned), file, out var spoken));
            Assert.Equal((0b10001, 2 * 32), (spoken, (int)file.Length));
        }
    }

    [Fact]
    public void Recognise_payload_that_reads_both_ways_is_as_sdp_says()
    {
        // One damaged frame of the shortest mode: 4 + 6 + 95 bits, or 8 + 8 + 96, are 14 bytes and all zeros alike.
        byte[] payload = [0xF0, .. new byte[13]];
        var aligned = AmrPayload.Recognise(AmrMode.Narrow, payload, AmrPacking.OctetAligned);
        var efficient = AmrPayload.Recognise(AmrMode.Narrow, payload, AmrPacking.BandwidthEfficient);
        Assert.Equal(
            (AmrPacking.OctetAligned, AmrPacking.BandwidthEfficient), (aligned, efficient));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("octet-align=1", "1")]
    [InlineData("mode-set=0,2; Octet-Align = 1 ;x", "1")]
    [InlineData("octet-align=0", "0")]
    [InlineData("octet-alignment=1", null)]
    public void Parameter_is_found_by_its_name(string? parameters, string? value) =>
        Assert.Equal(value, new PayloadFormat("AMR", 8000, 1, parameters).Parameter("octet-align"));

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0xF0 })]
    [InlineData(new byte[] { 0xF0, 0x3C })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF })]
    public void CountFrames_of_what_fits_neither_packing_is_none(byte[] payload) =>
        Assert.Equal(0, AmrPayload.CountFrames(AmrMode.Narrow, payload));

    [Fact]
    public void CountFrames_of_random_bytes_stays_within_the_payload()
    {
        const int seed = 20_261_124;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 100_000; i++)
        {
            var payload = new byte[random.Next(0, 80)];
            random.NextBytes(payload);
            using var file = new MemoryStream();
            var frames = AmrPayload.WriteSpeech(AmrMode.Wide, payload, file, out var spoken);
            Assert.InRange(frames, 0, AmrPayload.MaxFrames);
            Assert.True(spoken < 1 << AmrPayload.MaxFrames && file.Length <= payload.Length + AmrPayload.MaxFrames);
        }
    }

    // The other encoder falls silent between words, and the other decoder leaves those frames out: there is silence here.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TryRender_speech_of_another_encoder_is_what_another_decoder_makes_of_it(bool aligned)
    {
        using var folder = new TemporaryFolder();
        await Speech.SpeakAsync(folder.Path, 8000);
        await Speech.RunAsync(folder.Path, "sox", "sox libsox-fmt-all", "speech.wav", "speech.amr-nb");
        var file = await File.ReadAllBytesAsync(folder["speech.amr-nb"], TestContext.Current.CancellationToken);
        var frames = AmrPacker.ReadFile(AmrMode.Narrow, file);
        Assert.Contains(frames, frame => frame.Type == AmrMode.Narrow.Noise);
        var decoded = new Queue<short[]>(
            (await Speech.DecodeAsync(folder.Path, "speech.amr-nb", 8000)).Chunk(160));
        var expected = frames.SelectMany(
            frame => frame.Type < AmrMode.Narrow.Noise ? decoded.Dequeue() : new short[160]).ToArray();
        Assert.Empty(decoded);
        Assert.Contains(expected, sample => sample > 3000);
        Assert.Equal(expected, Render(AmrMode.Narrow, "AMR", frames, aligned));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TryRender_wideband_frames_of_every_mode_are_what_another_decoder_makes_of_them(bool aligned)
    {
        using var folder = new TemporaryFolder();
        var mode = AmrMode.Wide;
        var frames = Enumerable.Range(0, 180)
            .Select(i => (Type: i / 20, Good: true, Data: RandomFrame(mode, i / 20, i))).ToList();
        var file = Encoding.ASCII.GetBytes(mode.Magic)
            .Concat(frames.SelectMany(frame => frame.Data.Prepend((byte)((frame.Type << 3) | 4))));
        await File.WriteAllBytesAsync(
            folder["frames.awb"], [.. file], TestContext.Current.CancellationToken);
        var expected = await Speech.DecodeAsync(folder.Path, "frames.awb", 16_000);
        Assert.Equal(180 * 320, expected.Length);
        Assert.Equal(expected, Render(mode, "AMR-WB", frames, aligned));
    }

    [Fact]
    public void TryRender_unreadable_payload_is_noted()
    {
        var packets = Speech.Packets([[0xFF, 0xFF, 0xFF], [0xFF]], 8000, Frame);
        var stream = Speech.Stream("AMR", 8000, packets);
        var decoder = ExternalDecoder.Find("/usr/bin") ?? ExternalDecoder.Find(FakeDecoder.Folder());
        var wav = Speech.Render(stream, Speech.Second, new CodecLibrary(opus: false, decoder));
        Assert.Equal(["unreadablePayload: payload type 96 (AMR), 2 packets"], wav.Reports[0].Notes);
        Assert.Equal(2, wav.Reports[0].Undecodable);
    }

    private static short[] Render(
        AmrMode mode, string name, List<(int Type, bool Good, byte[] Data)> frames, bool aligned)
    {
        var payloads = frames.Select(frame => AmrPacker.Pack(mode, [frame], aligned));
        var stream = Speech.Stream(name, mode.SampleRate, Speech.Packets(payloads, mode.SampleRate, Frame));
        var wav = Speech.Render(stream, frames.Count * 20_000_000L);
        Assert.Equal(mode.SampleRate, wav.SampleRate);
        return RtpPackets.Left(wav);
    }

    private static byte[] RandomFrame(AmrMode mode, int type, int seed)
    {
        var bits = mode.Bits(type);
        var frame = new byte[(bits + 7) / 8];
        new Random(seed).NextBytes(frame);
        frame[^1] &= (byte)(0xFF << ((8 * frame.Length) - bits));
        return frame;
    }
}
