using System.Buffers.Binary;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests;

public class CallAudioTests
{
    private const long Tick = 20_000_000;

    [Theory]
    [InlineData(1)]
    [InlineData(20261123)]
    public void TryRender_jitter_up_to_40_ms_is_sample_exact(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var voice = new byte[3000 * 160];
        random.NextBytes(voice);
        var packets = Packets(voice, i => (i * Tick) + random.Next(0, 40_000_000));
        var pcm = Left(packets, 3010 * Tick, out var report);
        Assert.Equal((0, 3000), (report.Reanchored, report.Placed));
        Assert.Equal((0, 0), (report.SamplesInserted, report.SamplesDropped));
        var spoken = voice.Select(G711ALaw.Decode).ToArray();
        Assert.InRange(pcm.AsSpan().IndexOf(spoken), 0, 5 * 8);
    }

    [Fact]
    public void TryRender_lost_packets_are_silence_of_their_length()
    {
        var voice = Enumerable.Repeat((byte)0x2A, 100 * 160).ToArray();
        var packets = Packets(voice, i => i * Tick);
        packets.RemoveRange(10, 5);
        var pcm = Left(packets, 100 * Tick, out _);
        Assert.All(pcm[1600..2400], sample => Assert.Equal(0, sample));
        Assert.Equal(-32256, pcm[1599]);
        Assert.Equal(-32256, pcm[2400]);
    }

    [Theory]
    [InlineData(1.0005)]
    [InlineData(0.9995)]
    public void TryRender_skewed_sender_clock_stays_within_20_ms(double skew)
    {
        var packets = Packets(new byte[180_000 * 160], i => (long)(i * Tick * skew));
        var end = packets[^1].ArrivalNs + Tick;
        var length = TimelineBuilder.ToTicks(end);
        var stream = new AudioStream { Label = "1", Codec = "PCMA", Packets = packets };
        var placed = TimelineBuilder.Build(stream, SpokenTimes.Find([stream])[0], 0, length, CodecLibrary.Installed);
        Assert.InRange(length - placed.Segments[^1].End, -160, 160);
        Assert.Equal(0, placed.Report.Reanchored);
    }

    [Fact]
    public void TryRender_sender_paused_without_advancing_timestamps_is_anchored_anew()
    {
        var packets = Packets(new byte[100 * 160], i => (i * Tick) + (i >= 50 ? 1_000_000_000 : 0));
        var stream = new AudioStream { Label = "1", Codec = "PCMA", Packets = packets };
        var placed = TimelineBuilder.Build(stream, SpokenTimes.Find([stream])[0], 0, 100_000, CodecLibrary.Installed);
        Assert.Equal(1, placed.Report.Reanchored);
        Assert.Equal(16_000, placed.Segments[50].Start);
    }

    [Fact]
    public void Read_from_every_offset_gives_the_same_bytes()
    {
        var voice = new byte[4 * 160];
        new Random(7).NextBytes(voice);
        var stream = new AudioStream { Label = "1", Codec = "PCMA", Packets = Packets(voice, i => i * Tick) };
        Assert.True(CallAudio.TryRender(0, 4 * Tick, [stream, stream, stream], out var wav, out _));
        var whole = new byte[wav.Length];
        Assert.Equal(44 + (640 * 4), wav.Read(0, whole));
        Assert.Equal(whole.Length - 8, BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(4)));
        Assert.Equal(whole.Length - 44, BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(40)));
        var part = new byte[37];
        for (var offset = 0; offset < whole.Length; offset++)
        {
            var read = wav.Read(offset, part);
            Assert.True(whole.AsSpan(offset, read).SequenceEqual(part.AsSpan(0, read)), $"offset {offset}");
        }
    }

    [Fact]
    public void TryRender_longer_than_the_limit_is_refused_by_name()
    {
        Assert.False(CallAudio.TryRender(0, 13L * 3600 * 1_000_000_000, [], out _, out var refusal));
        Assert.Equal(RenderRefusal.TooLong, refusal);
    }

    private static List<StoredPacket> Packets(byte[] voice, Func<int, long> arrival)
    {
        var packets = new List<StoredPacket>();
        for (var i = 0; i < voice.Length / 160; i++)
        {
            var packet = new byte[172];
            packet[0] = 0x80;
            packet[1] = 8;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(65_000 + i));
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), unchecked(4_294_900_000 + (uint)(i * 160)));
            packet[11] = 1;
            voice.AsSpan(i * 160, 160).CopyTo(packet.AsSpan(12));
            packets.Add(new StoredPacket(arrival(i), packet));
        }

        return packets;
    }

    private static short[] Left(List<StoredPacket> packets, long endNs, out TimelineReport report)
    {
        var stream = new AudioStream { Label = "1", Codec = "PCMA", Packets = packets };
        Assert.True(CallAudio.TryRender(0, endNs, [stream], out var wav, out _));
        report = wav.Reports[0];
        var bytes = new byte[wav.Length];
        Assert.Equal(bytes.Length, wav.Read(0, bytes));
        return [.. Enumerable.Range(0, (bytes.Length - 44) / 4)
            .Select(i => BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(44 + (i * 4))))];
    }
}
