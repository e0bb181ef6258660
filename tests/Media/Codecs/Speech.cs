using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;
using Talreg.Media.Wav;
using Talreg.TestKit;

namespace Talreg.Media.Tests.Codecs;

/// <summary>Speech made by other programs, and streams of packets with any clock.</summary>
internal static class Speech
{
    public const long Second = 1_000_000_000;

    private const string Text =
        "The quick brown fox jumps over the lazy dog. Please sell four hundred shares at eleven past nine. "
        + "I repeat, four hundred shares, and not a single one more.";

    /// <summary>Runs one program in a folder; what it writes stays there.</summary>
    public static async Task RunAsync(string folder, string program, string package, params string[] arguments)
    {
        var (code, output) = await Peer.RunAsync(
            Peer.Require(program, package), arguments, folder, TimeSpan.FromSeconds(60),
            TestContext.Current.CancellationToken);
        Assert.True(code == 0, $"{program}: {output}");
    }

    /// <summary>About 10 s of speech as <c>speech.wav</c>, mono at a rate.</summary>
    public static async Task SpeakAsync(string folder, int rate)
    {
        await RunAsync(folder, "espeak-ng", "espeak-ng", "-w", "spoken.wav", Text);
        await RunAsync(
            folder, "ffmpeg", "ffmpeg", "-loglevel", "error", "-i", "spoken.wav", "-ac", "1", "-ar", $"{rate}",
            "-c:a", "pcm_s16le", "speech.wav");
    }

    /// <summary>What ffmpeg decodes a file to.</summary>
    public static async Task<short[]> DecodeAsync(string folder, string file, int rate, params string[] input)
    {
        string[] arguments =
        [
            "-loglevel", "error", .. input, "-i", file, "-f", "s16le", "-ac", "1", "-ar", $"{rate}", $"{file}.pcm",
        ];
        await RunAsync(folder, "ffmpeg", "ffmpeg", arguments);
        return Samples(await File.ReadAllBytesAsync(
            Path.Combine(folder, $"{file}.pcm"), TestContext.Current.CancellationToken));
    }

    public static short[] Samples(ReadOnlySpan<byte> bytes) => [.. MemoryMarshal.Cast<byte, short>(bytes)];

    /// <summary>Packets that follow each other without a pause.</summary>
    public static List<StoredPacket> Packets(
        IEnumerable<byte[]> payloads, int clockRate, TimeSpan packet, byte type = 96)
    {
        var units = (uint)Math.Round(clockRate * packet.TotalSeconds);
        return [.. payloads.Select((payload, i) =>
        {
            var stored = RtpPackets.Make((long)(i * packet.TotalNanoseconds), i, payload, type: type);
            var bytes = stored.Packet.ToArray();
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), (uint)i * units);
            return stored with { Packet = bytes };
        })];
    }

    public static AudioStream Stream(string codec, int clockRate, IReadOnlyList<StoredPacket> packets) => new()
    {
        Label = "1",
        Codec = codec,
        ClockRate = clockRate,
        PayloadTypes = new Dictionary<byte, PayloadFormat> { [96] = new(codec, clockRate) },
        Packets = packets,
    };

    public static CallWav Render(AudioStream stream, long endNs, CodecLibrary? codecs = null)
    {
        Assert.True(CallAudio.TryRender(0, endNs, [stream], out var wav, out _, codecs: codecs));
        return wav;
    }

    /// <summary>Every part of a WAV is the same whether it is read in order or from anywhere.</summary>
    public static void AssertReadsAnywhere(CallWav wav, Func<CallWav> again, int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var whole = new byte[wav.Length];
        Assert.Equal(whole.Length, wav.Read(0, whole));
        var random = new Random(seed);
        for (var i = 0; i < 12; i++)
        {
            var part = new byte[random.Next(1, 5000)];
            var offset = random.Next(0, whole.Length);
            var read = again().Read(offset, part);
            Assert.True(whole.AsSpan(offset, read).SequenceEqual(part.AsSpan(0, read)), $"offset {offset}");
        }
    }

    /// <summary>How alike two signals are at the best shift: 1 is the same.</summary>
    public static double Likeness(ReadOnlySpan<short> left, ReadOnlySpan<short> right, int maxShift)
    {
        double best = 0;
        for (var shift = -maxShift; shift <= maxShift; shift++)
        {
            double product = 0, leftEnergy = 0, rightEnergy = 0;
            for (var i = Math.Max(0, shift); i < Math.Min(left.Length, right.Length + shift); i++)
            {
                double a = left[i], b = right[i - shift];
                product += a * b;
                leftEnergy += a * a;
                rightEnergy += b * b;
            }

            best = Math.Max(best, product / Math.Sqrt(Math.Max(1, leftEnergy * rightEnergy)));
        }

        return best;
    }
}
