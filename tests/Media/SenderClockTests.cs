using System.Buffers.Binary;
using System.Text;
using Talreg.Media.Codecs;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests;

/// <summary>
/// Two legs of one sender, with and without its reports: markers spoken at the same moment are heard together where the
/// reports can be believed, and where arrivals put them where not.
/// </summary>
public class SenderClockTests
{
    private const long Start = 123_456_789_000_000;
    private const long Second = 1_000_000_000;
    private const long Millisecond = 1_000_000;
    private const int Packets = 9_000;
    private const int Every = 250;
    private const int MarkerAt = 80;
    private const byte MarkerByte = 0xAA;
    private const short Marker = 32256;

    [Theory]
    [InlineData(200, -200, 1)]
    [InlineData(-200, 200, 2)]
    [InlineData(0, 0, 3)]
    [InlineData(150, 200, 4)]
    public void TryRender_leg_that_comes_300_ms_late_stands_beside_the_other_by_its_reports(
        int leftPpm, int rightPpm, int seed)
    {
        var (left, right) = Legs(seed, leftPpm, rightPpm);
        var wav = Render(left.Stream("1"), right.Stream("2"));
        Assert.InRange(Apart(wav, left, right), -5, 5);
        Assert.All(wav.Reports, report => Assert.Empty(report.Notes));
        Assert.All(wav.Reports, report => Assert.Equal((Packets, 0, true), (
            report.Placed, report.Reanchored, report.SenderClock)));
    }

    [Fact]
    public void TryRender_leg_that_comes_300_ms_late_is_300_ms_late_without_reports()
    {
        var (left, right) = Legs(seed: 5);
        var wav = Render(left.Stream("1") with { Control = [] }, right.Stream("2") with { Control = [] });
        Assert.InRange(Apart(wav, left, right), 290, 310);
        Assert.All(wav.Reports, report => Assert.False(report.SenderClock));
    }

    [Fact]
    public void TryRender_sender_whose_wall_clock_runs_away_is_followed_over_the_call()
    {
        // Both legs and the wall clock are of one crystal, 200 ppm off ours: 36 ms over the call.
        var (left, right) = Legs(seed: 6, wallPpm: 200);
        var wav = Render(left.Stream("1"), right.Stream("2"));
        Assert.InRange(Apart(wav, left, right), -5, 5);
        var late = Late(RtpPackets.Left(wav), left);
        Assert.InRange(late[^1] - late[0], -5, 5);
    }

    [Theory]
    [InlineData("back", "reports go back in time")]
    [InlineData("jump", "reports do not lie on one line")]
    [InlineData("rate", "the clock does not run at its rate")]
    [InlineData("other", "its reports are not of its packets")]
    [InlineData("nameless", "its reports lack a CNAME")]
    [InlineData("far", "it comes later than a way can take")]
    public void TryRender_reports_that_cannot_be_believed_leave_the_leg_to_its_arrivals(string fault, string doubt)
    {
        var (left, right) = Legs(seed: 7, lateNs: fault == "far" ? 600 * Millisecond : 300 * Millisecond);
        var wav = Render(left.Stream("1"), right.Stream("2", fault));
        Assert.InRange(Apart(wav, left, right), fault == "far" ? 590 : 290, fault == "far" ? 610 : 310);
        Assert.Equal($"senderClockDoubtful: SSRC 00000002: {doubt}", Assert.Single(wav.Reports[1].Notes));
        Assert.Equal((true, false), (wav.Reports[0].SenderClock, wav.Reports[1].SenderClock));
        Assert.Equal((Packets, Packets), (wav.Reports[0].Placed, wav.Reports[1].Placed));
    }

    [Theory]
    [InlineData("stranger")]
    [InlineData("zero")]
    [InlineData("noise")]
    public void TryRender_reports_that_say_nothing_of_a_leg_change_nothing(string fault)
    {
        var (left, right) = Legs(seed: 8);
        var wav = Render(left.Stream("1"), right.Stream("2", fault));
        Assert.InRange(Apart(wav, left, right), 290, 310);
        Assert.All(wav.Reports, report => Assert.Empty(report.Notes));
    }

    [Fact]
    public void TryRender_legs_of_two_senders_keep_their_arrivals_apart()
    {
        // Each has a wall clock of its own; that one is 300 ms behind the other's says nothing of when they spoke.
        var (left, right) = Legs(seed: 9);
        var wav = Render(left.Stream("1"), right.Stream("2", name: "another@host"));
        Assert.InRange(Apart(wav, left, right), 290, 310);
        Assert.All(wav.Reports, report => Assert.True(report.SenderClock));
    }

    [Fact]
    public void TryRender_pause_without_advancing_timestamps_behind_the_last_report_is_a_pause()
    {
        var left = new Leg(1, seed: 10, ppm: 0, wallPpm: 0, delayNs: 0, packets: 600);
        var right = new Leg(2, seed: 11, ppm: 0, wallPpm: 0, delayNs: 0, packets: 600) { PausesAt = 400 };
        var wav = Render(left.Stream("1"), right.Stream("2", reports: 1));
        var heard = Heard(RtpPackets.Right(wav));
        Assert.Equal((1, 600), (wav.Reports[1].Reanchored, wav.Reports[1].Placed));
        Assert.InRange((heard[^1] - heard[0]) / 8, 10_000 + 1_500 - 60, 10_000 + 1_500 + 60);
    }

    [Fact]
    public void TryRender_twice_gives_the_same_bytes()
    {
        var (left, right) = Legs(seed: 12, leftPpm: 200, rightPpm: -200);
        AudioStream[] streams = [left.Stream("1"), right.Stream("2")];
        Assert.Equal(RtpPackets.Right(Render(streams)), RtpPackets.Right(Render(streams)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_261_124)]
    public void TryRender_random_control_packets_lose_no_audio(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var leg = new Leg(1, seed, ppm: 50, wallPpm: 0, delayNs: 0, packets: 300);
        for (var round = 0; round < 200; round++)
        {
            var control = leg.Stream("1").Control.ToList();
            for (var i = 0; i < control.Count; i++)
            {
                var packet = control[i].Packet.ToArray();
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
                control[i] = new StoredPacket(control[i].ArrivalNs, packet.AsMemory(0, random.Next(packet.Length + 1)));
            }

            var wav = Render(leg.Stream("1") with { Control = control });
            Assert.Equal(300, wav.Reports[0].Placed);
        }
    }

    private static (Leg Left, Leg Right) Legs(
        int seed, int leftPpm = 0, int rightPpm = 0, int wallPpm = 0, long lateNs = 300 * Millisecond)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        return (
            new Leg(1, seed, leftPpm, wallPpm, 0, Packets),
            new Leg(2, seed + 1000, rightPpm, wallPpm, lateNs, Packets));
    }

    private static Wav.CallWav Render(params AudioStream[] streams) =>
        RtpPackets.Render(Start - Second, Start + (Packets * RtpPackets.PacketNs) + (3 * Second), streams);

    /// <summary>The furthest the second leg is heard behind the first, against when both were spoken; milliseconds.</summary>
    private static double Apart(Wav.CallWav wav, Leg first, Leg second)
    {
        var (left, right) = (Late(RtpPackets.Left(wav), first), Late(RtpPackets.Right(wav), second));
        Assert.Equal(Packets / Every, left.Count);
        Assert.Equal(left.Count, right.Count);
        var apart = left.Zip(right, (one, other) => other - one).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"apart {apart.Min():F2} to {apart.Max():F2} ms");
        return apart.MaxBy(Math.Abs);
    }

    private static List<double> Late(short[] pcm, Leg leg) =>
        [.. Heard(pcm).Zip(leg.Spoken, (at, spokenNs) => (at / 8.0) - (spokenNs / Millisecond))];

    private static List<int> Heard(short[] pcm) =>
        [.. Enumerable.Range(0, pcm.Length).Where(i => pcm[i] == Marker)];

    /// <summary>
    /// A leg: markers at whole seconds of the true time, an RTP clock and a wall clock that are off it, a way that is long.
    /// </summary>
    private sealed class Leg
    {
        private const uint FirstTimestamp = 4_294_900_000;
        private const long FirstNtp = 3_900_000_000;

        private readonly uint _ssrc;
        private readonly double _clock;
        private readonly double _wall;
        private readonly long _delayNs;
        private readonly int _packets;
        private readonly Random _random;

        public Leg(uint ssrc, int seed, int ppm, int wallPpm, long delayNs, int packets)
        {
            (_ssrc, _delayNs, _packets) = (ssrc, delayNs, packets);
            (_clock, _wall) = (1 + (ppm * 1e-6), 1 + (wallPpm * 1e-6));
            _random = new Random(seed);
        }

        public int? PausesAt { get; init; }

        /// <summary>When its markers were spoken, true nanoseconds from the start.</summary>
        public List<double> Spoken { get; } = [];

        public AudioStream Stream(string label, string fault = "", string name = "sbc@host", int reports = 36)
        {
            var made = new List<StoredPacket>();
            var voice = new byte[RtpPackets.Samples];
            Spoken.Clear();
            for (var i = 0; i < _packets; i++)
            {
                // The leg's sample clock times the wall clock it is counted by: a packet is made when its samples are there.
                var pause = PausesAt is { } at && i >= at ? 1_500 * Millisecond : 0;
                var sentNs = (i * RtpPackets.PacketNs / _clock / _wall) + pause;
                voice.AsSpan().Fill((byte)(i % 2 == 0 ? 0xB5 : 0x35));
                if (i % Every == 0)
                {
                    voice[MarkerAt] = MarkerByte;
                    Spoken.Add(Second + sentNs + (MarkerAt * RtpPackets.SampleNs));
                }

                made.Add(RtpPackets.Make(
                    Start + (long)sentNs + _delayNs + _random.Next(0, 15_000_001), i, voice, _ssrc,
                    firstTimestamp: FirstTimestamp));
            }

            return RtpPackets.Stream([.. made.OrderBy(packet => packet.ArrivalNs)], label) with
            {
                Control = [.. Enumerable.Range(0, reports).Select(i => Report(i, fault, name))],
            };
        }

        // Every five seconds of the true time.
        private StoredPacket Report(int number, string fault, string name)
        {
            var trueNs = (number * 5.0 * Second) + (Second / 2);
            var wallNs = trueNs * _wall;
            var units = trueNs * _wall * _clock / RtpPackets.SampleNs;
            switch (fault)
            {
                case "back":
                    wallNs = number == 7 ? wallNs - (6.0 * Second) : wallNs;
                    break;
                case "jump":
                    wallNs += number == 7 ? 40 * Millisecond : 0;
                    break;
                case "rate":
                    units *= 1.002;
                    break;
                case "other":
                    units += 12_345;
                    break;
            }

            var packet = new byte[28];
            (packet[0], packet[1], packet[3]) = (0x80, 200, 6);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), fault == "stranger" ? 99 : _ssrc);
            var seconds = FirstNtp + (long)(wallNs / 1e9);
            var fraction = (wallNs / 1e9) - Math.Floor(wallNs / 1e9);
            var ntp = fault == "zero" ? 0 : ((ulong)seconds << 32) | (ulong)(fraction * 4_294_967_296.0);
            BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(8), ntp);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), FirstTimestamp + (uint)(long)units);
            byte[] compound = [.. packet, .. fault == "nameless" ? [] : Description(name)];
            if (fault == "noise")
            {
                _random.NextBytes(compound);
            }

            return new StoredPacket(Start + (long)trueNs + _delayNs + _random.Next(0, 15_000_001), compound);
        }

        private byte[] Description(string name)
        {
            var text = Encoding.ASCII.GetBytes(name);
            var size = 8 + ((2 + text.Length + 1 + 3) & ~3);
            var chunk = new byte[size];
            (chunk[0], chunk[1], chunk[3]) = (0x81, 202, (byte)((size / 4) - 1));
            BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(4), _ssrc);
            (chunk[8], chunk[9]) = (1, (byte)text.Length);
            text.CopyTo(chunk, 10);
            return chunk;
        }
    }
}
