using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests;

/// <summary>Two legs of one call, heard where they were spoken: marked in the packets, found in the WAV.</summary>
public class LegPlacementTests
{
    private const long Start = 987_654_321_000_000;
    private const int Tolerance = 160;
    private const int MarkerWithinPacket = 140;
    private const short Marker = 32256;
    private const byte MarkerByte = 0xAA;

    [Theory]
    [InlineData(true, 0, 1)]
    [InlineData(false, 0, 2)]
    [InlineData(true, 15, 3)]
    [InlineData(false, 15, 4)]
    [InlineData(true, 15, 5)]
    [InlineData(false, 15, 6)]
    public void TryRender_second_leg_late_and_paused_is_heard_where_it_was_spoken(
        bool timestampsAdvance, int jitterMs, int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        long Jitter() => random.Next(0, (jitterMs * 1_000_000) + 1);

        // A burst of 100 ms at 2 s, 7 s and 10 s of the call; the second leg is not there at 2 s and pauses at 7 s.
        var caller = new List<StoredPacket>();
        var agent = new List<StoredPacket>();
        var left = 0;
        for (var tick = 0; tick < 600; tick++)
        {
            var payload = tick is (>= 100 and < 105) or (>= 350 and < 355) or (>= 500 and < 505) ? Tone() : Silence();
            caller.Add(RtpPackets.Make(Start + (tick * RtpPackets.PacketNs) + Jitter(), tick, payload));
            if (tick < 150 || tick is >= 300 and < 400)
            {
                left += tick >= 150 ? 1 : 0;
                continue;
            }

            payload = tick is (>= 200 and < 205) or (>= 400 and < 405) or (>= 500 and < 505) ? Tone() : Silence();
            agent.Add(RtpPackets.Make(
                Start + (tick * RtpPackets.PacketNs) + Jitter(), tick - (timestampsAdvance ? 0 : left), payload,
                ssrc: 2, firstTimestamp: 4_294_950_000));
        }

        var wav = RtpPackets.Render(
            Start, Start + (600 * RtpPackets.PacketNs), RtpPackets.Stream(caller), RtpPackets.Stream(agent, "2"));
        AssertBursts([2, 7, 10], RtpPackets.Left(wav));
        var right = RtpPackets.Right(wav);
        AssertBursts([4, 8, 10], right);
        Assert.Equal(timestampsAdvance ? 0 : 1, wav.Reports[1].Reanchored);
        Assert.Equal((600, 350), (wav.Reports[0].Placed, wav.Reports[1].Placed));
        Assert.All(right[..(3 * 8000)], sample => Assert.Equal(0, sample));
        Assert.All(right[((6 * 8000) + Tolerance)..((8 * 8000) - Tolerance)], sample => Assert.Equal(0, sample));
    }

    [Theory]
    [InlineData(200, true, 11)]
    [InlineData(200, false, 12)]
    [InlineData(-200, true, 13)]
    [InlineData(-200, false, 14)]
    public void TryRender_hour_of_skew_and_jitter_never_drifts_past_20_ms(int skewPpm, bool speech, int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        const int packets = 180_000;
        const int every = 250;
        var random = new Random(seed);

        // The legs drift apart: one sender's clock is as slow as the other's is fast.
        var spokenLeft = new List<double>();
        var spokenRight = new List<double>();
        var left = Skewed(packets, every, 1 + (skewPpm * 1e-6), speech, random, spokenLeft);
        var right = Skewed(packets, every, 1 - (skewPpm * 1e-6), speech, random, spokenRight);
        var end = Start + (long)((packets * RtpPackets.PacketNs * 1.0003) + 1_000_000_000);
        var wav = RtpPackets.Render(Start, end, RtpPackets.Stream(left), RtpPackets.Stream(right, "2"));
        Assert.All(wav.Reports, report => Assert.Equal((0, 0, packets), (
            report.Reanchored, report.Strays, report.Placed)));
        Assert.All(wav.Reports, report => Assert.InRange(
            Math.Abs(report.SamplesInserted - report.SamplesDropped), 5400, 6000));

        AssertDeviation(spokenLeft, RtpPackets.Left(wav), "left");
        AssertDeviation(spokenRight, RtpPackets.Right(wav), "right");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(49)]
    public void TryRender_first_packets_held_back_and_sent_at_once_stand_where_they_were_spoken(int held)
    {
        // The sender stood still before its first packet and then caught up: all of them came with the last one held.
        var packets = Enumerable.Range(0, 200)
            .Select(i => RtpPackets.Make(
                Start + (Math.Max(i, held) * RtpPackets.PacketNs), i, i is >= 50 and < 55 ? Tone() : Silence()))
            .ToList();
        var wav = RtpPackets.Render(Start, Start + (200 * RtpPackets.PacketNs), RtpPackets.Stream(packets));
        var report = wav.Reports[0];
        Assert.Equal((200, 0, 0, 0), (report.Placed, report.Reanchored, report.Duplicates, report.SamplesDropped));
        var pcm = RtpPackets.Left(wav);
        Assert.True(Math.Abs((int)pcm[50 * RtpPackets.Samples]) > 4000);
        AssertBursts([1], pcm);
    }

    [Fact]
    public void TryRender_audio_from_before_the_take_is_heard_whole_and_caught_up_with_in_silence()
    {
        // One second of speech, spoken before there was a take, comes at its start; then speech, and a second's silence.
        var packets = Enumerable.Range(0, 300)
            .Select(i => RtpPackets.Make(
                Start + (Math.Max(0, i - 50) * RtpPackets.PacketNs), i, i is >= 60 and < 150 ? Silence() : Tone()))
            .ToList();
        var wav = RtpPackets.Render(Start, Start + (250 * RtpPackets.PacketNs), RtpPackets.Stream(packets));
        Assert.Equal(0, wav.Reports[0].Reanchored);
        Assert.InRange(wav.Reports[0].SamplesDropped, 8000 - 480, 8000);
        var pcm = RtpPackets.Left(wav);
        var spoken = pcm[..(60 * RtpPackets.Samples)].Chunk(8);
        Assert.DoesNotContain(spoken, period => period.All(sample => Math.Abs((int)sample) < 4000));

        // Packet 150 was spoken two seconds after the take began.
        AssertBursts([0, 2], pcm);
    }

    [Fact]
    public void TryRender_take_closed_while_its_last_packet_is_spoken_holds_it_whole()
    {
        var packets = Enumerable.Range(0, 10)
            .Select(i => RtpPackets.Make(Start + (i * RtpPackets.PacketNs), i, Tone()))
            .ToList();
        var wav = RtpPackets.Render(Start, packets[^1].ArrivalNs + 1_000_000, RtpPackets.Stream(packets));
        var pcm = RtpPackets.Left(wav);
        Assert.Equal(10 * RtpPackets.Samples, pcm.Length);
        Assert.Contains(pcm[^8..], sample => Math.Abs((int)sample) > 4000);
    }

    [Fact]
    public void TryRender_timestamp_leap_after_the_first_packet_moves_no_anchor()
    {
        var packets = Enumerable.Range(0, 200)
            .Select(i => RtpPackets.Make(
                Start + (i * RtpPackets.PacketNs), i + (i == 0 ? 0 : 40), i is >= 50 and < 55 ? Tone() : Silence()))
            .ToList();
        var wav = RtpPackets.Render(Start, Start + (200 * RtpPackets.PacketNs), RtpPackets.Stream(packets));
        Assert.Equal(1, wav.Reports[0].Reanchored);
        AssertBursts([1], RtpPackets.Left(wav));
    }

    private static List<StoredPacket> Skewed(
        int packets, int every, double skew, bool speech, Random random, List<double> spoken)
    {
        var made = new List<StoredPacket>(packets);
        var voice = new byte[RtpPackets.Samples];
        for (var i = 0; i < packets; i++)
        {
            // 0xB5 and 0x35 decode to ±1 000 and something: loud enough that no correction may hide in it.
            voice.AsSpan().Fill(speech ? (byte)(i % 2 == 0 ? 0xB5 : 0x35) : G711ALaw.Silence);
            var sentNs = i * RtpPackets.PacketNs * skew;
            if (i % every == 0)
            {
                voice[MarkerWithinPacket] = MarkerByte;
                spoken.Add((sentNs / RtpPackets.SampleNs) + MarkerWithinPacket);
            }

            made.Add(RtpPackets.Make(Start + (long)sentNs + random.Next(0, 40_000_001), i, voice));
        }

        // Stored as they came: the first to arrive need not be the first that was sent.
        return [.. made.OrderBy(packet => packet.ArrivalNs)];
    }

    private static void AssertDeviation(List<double> spoken, short[] pcm, string side)
    {
        var heard = new List<int>(spoken.Count);
        for (var i = 0; i < pcm.Length; i++)
        {
            if (pcm[i] == Marker)
            {
                heard.Add(i);
            }
        }

        Assert.Equal(spoken.Count, heard.Count);

        // The smallest delay of the first second shifts the leg as a whole: drift is what comes on top of it.
        var offset = heard[0] - spoken[0];
        Assert.InRange(offset, -1, 5 * 8);
        var worst = heard.Zip(spoken, (at, said) => Math.Abs(at - said - offset)).Max();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{side}: {heard.Count} markers, first {offset / 8:F2} ms, worst drift {worst / 8:F2} ms");
        Assert.InRange(worst, 0, Tolerance);
    }

    private static void AssertBursts(int[] seconds, short[] pcm)
    {
        var starts = new List<int>();
        var quiet = 1600;
        for (var i = 0; i < pcm.Length; i++)
        {
            if (Math.Abs((int)pcm[i]) < 4000)
            {
                quiet++;
                continue;
            }

            if (quiet >= 1600)
            {
                starts.Add(i);
            }

            quiet = 0;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"bursts at {string.Join(' ', starts)}");
        Assert.Equal(seconds.Length, starts.Count);
        Assert.All(seconds.Zip(starts), pair =>
            Assert.InRange(pair.Second, (pair.First * 8000) - Tolerance, (pair.First * 8000) + Tolerance));
    }

    private static byte[] Silence() => RtpPackets.Filled(1, G711ALaw.Silence);

    private static byte[] Tone() => [.. Enumerable.Range(0, RtpPackets.Samples).Select(
        i => G711ALaw.Encode((short)(20_000 * Math.Cos(2 * Math.PI * i / 8))))];
}
