using System.Buffers.Binary;
using Talreg.Capture.Rtcp;
using Talreg.Capture.Srtp;
using Talreg.Hardware;
using Talreg.TestKit;

namespace Talreg.Capture.Tests.Rtcp;

/// <summary>What a report says, at times that the test says.</summary>
public sealed class ReportTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private const long Packet = 20_000_000;

    private readonly Reception _heard = new();
    private readonly ReportSession _session = new("name"u8.ToArray(), joinedNs: 0);
    private readonly SrtpWorkspace _workspace = new(1024);
    private long _nowNs;

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Report_nothing_heard_is_an_empty_one_that_names_us()
    {
        var report = Report();
        Assert.Equal([201, 202], report.Types);
        Assert.Empty(report.Blocks);
        Assert.Equal("name", report.Name);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(31)]
    public void Report_name_of_any_length_is_filled_up_to_a_word(int length)
    {
        using var session = new ReportSession([.. Enumerable.Repeat((byte)'n', length)], joinedNs: 0);
        var buffer = new byte[ReportWriter.MaxSize];
        Array.Fill(buffer, (byte)0xEE);
        var size = session.Write(buffer, Rtp.Plan, _heard, 0, bye: true, _workspace);
        Assert.Equal(new string('n', length), RtcpCompound.Read(buffer[..size]).Name);
    }

    [Fact]
    public void Report_every_tenth_lost_is_a_tenth()
    {
        for (var i = 1; i <= 1000; i++)
        {
            Hear(i, lost: i % 10 == 5);
        }

        var block = Assert.Single(Report().Blocks);
        Assert.Equal((25, 100, 1000u, 0u), (block.FractionLost, block.Lost, block.Highest, block.Jitter));
        Assert.Empty(Report().Blocks);
        Hear(1001);
        block = Assert.Single(Report().Blocks);
        Assert.Equal((0, 100, 1001u), (block.FractionLost, block.Lost, block.Highest));
    }

    [Fact]
    public void Report_duplicates_bring_the_sum_below_zero_and_the_fraction_not()
    {
        for (var i = 1; i <= 10; i++)
        {
            Hear(i);
            Hear(i);
        }

        var block = Assert.Single(Report().Blocks);
        Assert.Equal((0, -10), (block.FractionLost, block.Lost));
    }

    [Fact]
    public void Report_highest_number_counts_its_turns()
    {
        Hear(65_534);
        Hear(65_536 + 1);
        Hear(65_535);
        var block = Assert.Single(Report().Blocks);
        Assert.Equal((65_537u, 1), (block.Highest, block.Lost));
    }

    [Fact]
    public void Report_sender_that_counts_anew_is_believed_with_its_second_packet()
    {
        Hear(100);
        Hear(101);
        Report();
        Hear(40_000);
        Assert.Empty(Report().Blocks);
        Hear(40_001);
        Hear(40_003);
        var block = Assert.Single(Report().Blocks);
        Assert.Equal((40_003u, 1, 256 / 3), (block.Highest, block.Lost, block.FractionLost));
    }

    [Fact]
    public void Report_has_a_block_for_each_source_heard_since_the_last_one()
    {
        Hear(1, ssrc: 1);
        Hear(1, ssrc: 2);
        Hear(2, ssrc: 1);
        Assert.Equal([1u, 2u], Report().Blocks.Select(block => block.Source));
        Hear(2, ssrc: 2);
        Assert.Equal([2u], Report().Blocks.Select(block => block.Source));
        for (uint ssrc = 1; ssrc <= Reception.MaxSources + 4; ssrc++)
        {
            Hear(3, ssrc: ssrc);
        }

        Assert.Equal(Reception.MaxSources, Report(bye: true).Blocks.Count);
    }

    // RFC 3550 A.8: the differences 0, 5, 10 and 4 ms, in units of 125 µs.
    [Fact]
    public void Report_jitter_is_in_timestamp_units()
    {
        long[] arrivals = [0, 20, 45, 55, 79];
        for (var i = 0; i < arrivals.Length; i++)
        {
            _heard.Add(Rtp.Packet(i + 1), arrivals[i] * 1_000_000, 8000);
        }

        var expected = 5 / 16.0;
        expected += (10 - expected) / 16;
        expected += (4 - expected) / 16;
        Assert.Equal((uint)(expected * 8), Assert.Single(Report().Blocks).Jitter);
    }

    [Fact]
    public void Report_tells_the_last_sender_report_and_how_long_ago_it_came()
    {
        Hear(1);
        Assert.Equal((0u, 0u), Last(Report()));
        _heard.NoteReport(new SenderReport(1, 0x1122_3344_5566_7788, 0, 0, 0), _nowNs);
        _heard.NoteReport(new SenderReport(99, 0xFFFF_FFFF_FFFF_FFFF, 0, 0, 0), _nowNs);
        _nowNs += 5 * Second / 2;
        Hear(2);
        _nowNs -= Packet;
        Assert.Equal((0x3344_5566u, 5u * 65_536 / 2), Last(Report()));
    }

    [Fact]
    public void Report_other_with_our_ssrc_makes_us_leave_it_for_a_new_one()
    {
        var first = Report().Sender;
        Hear(1, ssrc: first);
        var last = Report();
        Assert.Equal(first, last.Sender);
        Assert.Equal([first], last.Leaving);
        var next = Report();
        Assert.NotEqual(first, next.Sender);
        Assert.Empty(next.Leaving);
        _heard.NoteReporter(Rtp.Caller, next.Sender);
        Assert.Equal([next.Sender], Report().Leaving);
        Assert.NotEqual(next.Sender, Report().Sender);
    }

    [Fact]
    public void Report_bye_leaves_under_our_ssrc()
    {
        var first = Report();
        Hear(1);
        var last = Report(bye: true);
        Assert.Equal([201, 202, 203], last.Types);
        Assert.Equal([first.Sender], last.Leaving);
        Assert.Single(last.Blocks);
    }

    [Theory]
    [InlineData(SrtpSuite.AesCm128Tag80)]
    [InlineData(SrtpSuite.AesCm128Tag32)]
    [InlineData(SrtpSuite.AesCm256Tag80)]
    [InlineData(SrtpSuite.AesGcm128)]
    [InlineData(SrtpSuite.AesGcm256)]
    public void Report_under_a_key_is_authentic_and_its_index_is_never_used_twice(SrtpSuite suite)
    {
        var keys = SrtpKeys.Create(suite);
        var peer = Peer(keys);
        var (first, index) = peer.OpenRtcp(Sealed(keys));
        Hear(1, ssrc: RtcpCompound.Read(first).Sender);
        for (uint i = 1; i < 5; i++)
        {
            Assert.Equal(index + i, peer.OpenRtcp(Sealed(keys)).Index);
        }

        var other = SrtpKeys.Create(suite);
        var changed = Sealed(other);
        Assert.Throws<InvalidDataException>(() => peer.OpenRtcp(changed));
        Assert.Equal([201, 202], RtcpCompound.Read(Peer(other).OpenRtcp(changed).Packet).Types);
    }

    [Fact]
    public void Destination_is_where_reports_come_from_else_where_sdp_says_else_nowhere()
    {
        var to = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 4001);
        var plan = Rtp.Plan with { Reports = new ReportPlan { To = to } };
        Assert.Null(ReportSession.Destination(Rtp.Plan, _heard));
        Assert.Equal(SourceAddress.From(to), ReportSession.Destination(plan, _heard));
        _heard.NoteReporter(Rtp.Stranger, 7);
        Assert.Equal(Rtp.Stranger, ReportSession.Destination(plan, _heard));
        Assert.Equal(Rtp.Stranger, ReportSession.Destination(Rtp.Plan, _heard));
    }

    [Fact]
    public void Destination_of_a_held_stream_or_of_one_under_srtp_without_a_key_of_ours_is_nowhere()
    {
        _heard.NoteReporter(Rtp.Caller, 7);
        var keys = SrtpKeys.Create(SrtpSuite.AesCm128Tag80);
        Assert.Null(ReportSession.Destination(Rtp.Plan with { Recorded = false }, _heard));
        Assert.Null(ReportSession.Destination(Rtp.Plan with { Crypto = keys }, _heard));
        Assert.Null(ReportSession.Destination(Rtp.Plan with { Crypto = keys, Reports = new ReportPlan() }, _heard));
        Assert.NotNull(ReportSession.Destination(
            Rtp.Plan with { Crypto = keys, Reports = new ReportPlan { Crypto = keys } }, _heard));
    }

    [Theory]
    [InlineData(true, 0, 1.026)]
    [InlineData(true, 1, 3.078)]
    [InlineData(false, 0, 2.052)]
    [InlineData(false, 1, 6.156)]
    public void Interval_lies_between_half_and_one_and_a_half(bool initial, double random, double seconds)
    {
        Assert.Equal(seconds, RtcpInterval.Scale(initial, random) / 1e9, 0.001);
        var drawn = RtcpInterval.Draw(initial);
        Assert.InRange(drawn, RtcpInterval.Scale(initial, 0), RtcpInterval.Scale(initial, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_261_124)]
    public void Report_of_random_traffic_equals_a_count_of_the_whole(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var first = random.Next(65_536);
        var (highest, received, before) = (first, 1, (Expected: 0, Received: 0));
        Hear(first);
        for (var i = 0; i < 20_000; i++)
        {
            var number = highest + random.Next(-20, 22);
            if (number < first || random.Next(10) == 0)
            {
                continue;
            }

            Hear(number);
            received++;
            highest = Math.Max(highest, number);
            if (random.Next(500) == 0)
            {
                var block = Assert.Single(Report().Blocks);
                var expected = highest - first + 1;
                var lost = expected - before.Expected - (received - before.Received);
                Assert.Equal((uint)highest, block.Highest);
                Assert.Equal(expected - received, block.Lost);
                Assert.Equal(lost <= 0 ? 0 : (lost << 8) / (expected - before.Expected), block.FractionLost);
                before = (expected, received);
            }
        }
    }

    private static (uint, uint) Last(RtcpCompound report) =>
        (report.Blocks[0].LastReport, report.Blocks[0].Delay);

    private static SrtpSealer Peer(SrtpKeys keys) =>
        new(keys.Suite.ToName(), Convert.FromBase64String(keys.ToInline()));

    private void Hear(int sequence, bool lost = false, uint ssrc = 1)
    {
        _nowNs += Packet;
        if (!lost)
        {
            var packet = Rtp.Packet(sequence, ssrc);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(_nowNs / Packet * 160));
            _heard.Add(packet, _nowNs, 8000);
        }
    }

    private byte[] Sealed(SrtpKeys keys)
    {
        var buffer = new byte[1024];
        var plan = Rtp.Plan with { Reports = new ReportPlan { Crypto = keys } };
        return buffer[.._session.Write(buffer, plan, _heard, _nowNs, bye: false, _workspace)];
    }

    private RtcpCompound Report(bool bye = false)
    {
        var buffer = new byte[ReportWriter.MaxSize];
        return RtcpCompound.Read(buffer[.._session.Write(buffer, Rtp.Plan, _heard, _nowNs, bye, _workspace)]);
    }
}
