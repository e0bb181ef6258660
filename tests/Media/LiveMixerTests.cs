using System.Buffers.Binary;
using Talreg.Media.Codecs;
using Talreg.Media.Live;

namespace Talreg.Media.Tests;

public sealed class LiveMixerTests
{
    private const long Millisecond = 1_000_000;
    private const byte Loud = 0x55 ^ 0x2A;

    private readonly LiveMixer _mixer = new(0);

    [Fact]
    public void Read_gives_even_streams_left_odd_ones_right_where_they_arrived()
    {
        Add(0, arrivalMs: 100, timestamp: 5000);
        Add(1, arrivalMs: 120, timestamp: 77);
        var heard = Read(untilMs: 200);
        Assert.Equal(200 * 8, heard.Count);
        Assert.All(heard.Index(), sample => Assert.Equal(
            (IsWithin(sample.Index, 100) ? Sample : (short)0, IsWithin(sample.Index, 120) ? Sample : (short)0),
            sample.Item));
    }

    [Fact]
    public void Add_jitter_and_disorder_leave_packets_at_their_timestamps()
    {
        Add(0, 100, 0);
        Add(0, 160, 320);
        Add(0, 161, 160);
        var heard = Read(200);
        Assert.Equal(Enumerable.Range(800, 480), heard.Index().Where(at => at.Item.Left != 0).Select(at => at.Index));
        Assert.Equal(0, _mixer.Unheard);
    }

    [Fact]
    public void Add_timestamps_that_part_from_arrival_begin_anew()
    {
        Add(0, 0, 0);
        Add(0, 500, 160);
        Add(0, 520, 90_000_000);
        var heard = Read(600);
        Assert.Equal(
            Enumerable.Range(0, 160).Concat(Enumerable.Range(4000, 320)),
            heard.Index().Where(at => at.Item.Left != 0).Select(at => at.Index));
    }

    [Fact]
    public void Add_late_far_ahead_malformed_and_undecodable_packets_are_counted_and_not_heard()
    {
        Read(1000);
        Add(0, 500, 0);
        Add(0, 60_000, 0);
        _mixer.Add(0, 0, [1, 2, 3]);
        Add(0, 1000, 0, payloadType: 18);
        Add(LiveMixer.MaxStreams, 1000, 0);
        Assert.Equal(5, _mixer.Unheard);
        Assert.All(Read(1100), sample => Assert.Equal(((short)0, (short)0), sample));
    }

    [Fact]
    public void Read_after_a_long_absence_goes_on_near_the_clock()
    {
        Add(0, 0, 0);
        var heard = Read(5000);
        Assert.Equal(160, heard.Count);
        Add(0, 5010, 40_000);
        Assert.Contains(Read(5100), sample => sample.Left != 0);
    }

    [Fact]
    public void WriteHeader_says_stereo_of_unknown_length()
    {
        var header = new byte[LiveMixer.HeaderBytes];
        LiveMixer.WriteHeader(header);
        Assert.Equal(uint.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(40)));
        Assert.Equal(2, BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(22)));
        Assert.Equal(8000u, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(24)));
    }

    private static short Sample => G711ALaw.Decode(Loud);

    private static bool IsWithin(int sample, int startMs) => sample >= startMs * 8 && sample < (startMs + 20) * 8;

    private void Add(int stream, long arrivalMs, uint timestamp, byte payloadType = 8)
    {
        var packet = new byte[172];
        packet[0] = 0x80;
        packet[1] = payloadType;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), timestamp);
        packet.AsSpan(12).Fill(Loud);
        _mixer.Add(stream, arrivalMs * Millisecond, packet);
    }

    // The mixer is its delay behind: what is read until a moment is asked for that much later.
    private List<(short Left, short Right)> Read(long untilMs)
    {
        var pcm = new byte[64 * 1024];
        var length = _mixer.Read((untilMs + (long)LiveMixer.Delay.TotalMilliseconds) * Millisecond, pcm);
        return
        [
            .. Enumerable.Range(0, length / LiveMixer.FrameBytes).Select(frame => (
                BinaryPrimitives.ReadInt16LittleEndian(pcm.AsSpan(frame * LiveMixer.FrameBytes)),
                BinaryPrimitives.ReadInt16LittleEndian(pcm.AsSpan((frame * LiveMixer.FrameBytes) + 2)))),
        ];
    }
}
