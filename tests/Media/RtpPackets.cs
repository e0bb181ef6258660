using System.Buffers.Binary;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;
using Talreg.Media.Wav;

namespace Talreg.Media.Tests;

/// <summary>Makes RTP packets and reads back one side of a WAV.</summary>
internal static class RtpPackets
{
    public const int Samples = 160;
    public const long PacketNs = 20_000_000;
    public const double SampleNs = 125_000;

    public static StoredPacket Make(
        long arrivalNs, int index, ReadOnlySpan<byte> payload, uint ssrc = 1, byte type = 8, uint firstTimestamp = 0)
    {
        var packet = new byte[12 + payload.Length];
        packet[0] = 0x80;
        packet[1] = type;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)index);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), firstTimestamp + (uint)(index * Samples));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        payload.CopyTo(packet.AsSpan(12));
        return new StoredPacket(arrivalNs, packet);
    }

    /// <summary>A voice cut into packets that arrive every 20 ms.</summary>
    public static List<StoredPacket> Cut(byte[] voice, uint ssrc = 1, byte type = 8) =>
        [.. Enumerable.Range(0, voice.Length / Samples).Select(
            i => Make(i * PacketNs, i, voice.AsSpan(i * Samples, Samples), ssrc, type))];

    public static byte[] Noise(int packets, int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var voice = new byte[packets * Samples];
        new Random(seed).NextBytes(voice);
        return voice;
    }

    public static byte[] Filled(int packets, byte value)
    {
        var voice = new byte[packets * Samples];
        voice.AsSpan().Fill(value);
        return voice;
    }

    public static AudioStream Stream(IReadOnlyList<StoredPacket> packets, string label = "1") =>
        new() { Label = label, Codec = "PCMA", Packets = packets };

    public static CallWav Render(long startNs, long endNs, params AudioStream[] streams)
    {
        Assert.True(CallAudio.TryRender(startNs, endNs, streams, out var wav, out var refusal), $"{refusal}");
        Assert.Equal(RenderRefusal.None, refusal);
        return wav;
    }

    public static short[] Left(CallWav wav) => Side(wav, 0);

    public static short[] Right(CallWav wav) => Side(wav, 2);

    public static short[] Decode(byte[] voice) => [.. voice.Select(G711ALaw.Decode)];

    private static short[] Side(CallWav wav, int within)
    {
        var bytes = new byte[wav.Length];
        Assert.Equal(bytes.Length, wav.Read(0, bytes));
        var side = new short[(bytes.Length - 44) / 4];
        for (var i = 0; i < side.Length; i++)
        {
            side[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(44 + (i * 4) + within));
        }

        return side;
    }
}
