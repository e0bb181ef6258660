using System.Buffers.Binary;
using Talreg.Capture.Srtp;
using Talreg.TestKit;

namespace Talreg.Capture.Tests.Srtp;

/// <summary>
/// Group G of the abuse list, twenty cases, and what must work beside them. Packets come from a sender that shares nothing
/// with the receiver.
/// </summary>
public sealed class SrtpReceiverTests : IDisposable
{
    private const long Second = 1_000_000_000;

    private readonly SrtpWorkspace _workspace = new(4096);
    private readonly SrtpSender _sender = new(SrtpSuite.AesCm128Tag80, 1);
    private readonly SrtpReceiver _receiver;

    public SrtpReceiverTests() => _receiver = new SrtpReceiver(_sender.Keys);

    public static TheoryData<SrtpSuite, bool> Suites()
    {
        var data = new TheoryData<SrtpSuite, bool>();
        foreach (var suite in Enum.GetValues<SrtpSuite>())
        {
            data.Add(suite, false);
            data.Add(suite, true);
        }

        return data;
    }

    public void Dispose() => _receiver.Dispose();

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_every_suite_gives_what_was_sent(SrtpSuite suite, bool mki)
    {
        var sender = new SrtpSender(suite, 7, mki ? [1, 2, 3, 4] : null);
        using var receiver = new SrtpReceiver(sender.Keys);
        foreach (var size in new[] { 0, 1, 15, 16, 17, 160, 1400 })
        {
            var plain = Tests.Rtp.Packet(size, fill: (byte)size, payload: size);
            Assert.Equal(plain, Opened(receiver, sender.Rtp(plain)));
            foreach (var encrypt in new[] { true, false })
            {
                var report = Report(40 + (size & ~3));
                var index = (uint)((size * 2) + (encrypt ? 1 : 0));
                Assert.Equal(report, OpenedReport(receiver, sender.Rtcp(report, index, encrypt)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_header_with_contributing_sources_and_extension_stays_in_clear(SrtpSuite suite, bool mki)
    {
        var sender = new SrtpSender(suite, 8, mki ? [9] : null);
        using var receiver = new SrtpReceiver(sender.Keys);
        byte[] plain = [0x92, 8, 0, 1, .. new byte[8], .. new byte[8], 0xBE, 0xDE, 0, 1, 1, 2, 3, 4, .. new byte[100]];
        Assert.Equal(plain, Opened(receiver, sender.Rtp(plain)));
    }

    // G1: every bit of a packet is covered: header, payload, MKI, tag.
    [Theory]
    [MemberData(nameof(Suites))]
    public void G01_any_flipped_bit_is_refused_and_changes_nothing(SrtpSuite suite, bool mki)
    {
        var sender = new SrtpSender(suite, 9, mki ? [5, 6] : null);
        using var receiver = new SrtpReceiver(sender.Keys);
        var packet = sender.Rtp(Tests.Rtp.Packet(5, payload: 20));

        // The first two bytes tell what a packet is: capture looks at them before.
        for (var bit = 16; bit < 8 * packet.Length; bit++)
        {
            var forged = packet.ToArray();
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(SrtpVerdict.Authentic, receiver.Open(forged, 0, _workspace, out _));
        }

        Assert.Equal(SrtpVerdict.Authentic, receiver.Open(packet, 0, _workspace, out _));
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void G02_any_flipped_bit_of_a_report_is_refused(SrtpSuite suite, bool mki)
    {
        var sender = new SrtpSender(suite, 10, mki ? [5, 6] : null);
        using var receiver = new SrtpReceiver(sender.Keys);
        var report = sender.Rtcp(Report(28), 1);
        for (var bit = 0; bit < 8 * report.Length; bit++)
        {
            var forged = report.ToArray();
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(SrtpVerdict.Authentic, receiver.OpenRtcp(forged, 0, _workspace, out _));
        }

        Assert.Equal(SrtpVerdict.Authentic, receiver.OpenRtcp(report, 0, _workspace, out _));
    }

    [Fact]
    public void G03_another_key_is_a_bad_tag() =>
        Assert.Equal(SrtpVerdict.BadTag, Open(new SrtpSender(SrtpSuite.AesCm128Tag80, 2).Rtp(Plain(1))));

    [Fact]
    public void G04_clear_rtp_is_a_bad_tag() => Assert.Equal(SrtpVerdict.BadTag, Open(Plain(1)));

    [Theory]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(21)]
    public void G05_packet_shorter_than_header_and_tag_is_too_short(int length) =>
        Assert.Equal(SrtpVerdict.TooShort, Open(_sender.Rtp(Plain(1))[..length]));

    [Theory]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(21)]
    public void G06_report_shorter_than_header_index_and_tag_is_too_short(int length) => Assert.Equal(
        SrtpVerdict.TooShort, _receiver.OpenRtcp(_sender.Rtcp(Report(28), 1).AsSpan(0, length), 0, _workspace, out _));

    [Fact]
    public void G07_replay_is_refused()
    {
        var packet = _sender.Rtp(Plain(1));
        Assert.Equal(SrtpVerdict.Authentic, Open([.. packet]));
        Assert.Equal(SrtpVerdict.Replayed, Open([.. packet]));
    }

    [Fact]
    public void G08_replayed_report_is_refused()
    {
        var report = _sender.Rtcp(Report(28), 1);
        Assert.Equal(SrtpVerdict.Authentic, _receiver.OpenRtcp([.. report], 0, _workspace, out _));
        Assert.Equal(SrtpVerdict.Replayed, _receiver.OpenRtcp([.. report], 0, _workspace, out _));
    }

    [Fact]
    public void G09_reordered_packets_within_the_window_are_taken_once_each()
    {
        const int seed = 11;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var order = Enumerable.Range(65_400, 300).ToArray();
        for (var i = 0; i < order.Length; i += 100)
        {
            new Random(seed + i).Shuffle(order.AsSpan(i, 100));
        }

        foreach (var number in order)
        {
            Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(number), (uint)(number >> 16))));
        }

        foreach (var number in order[^20..])
        {
            Assert.Equal(SrtpVerdict.Replayed, Open(_sender.Rtp(Plain(number), (uint)(number >> 16))));
        }
    }

    [Fact]
    public void G10_packet_behind_the_window_is_too_old()
    {
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(1000))));
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(1001 - ReplayWindow.Size))));
        Assert.Equal(SrtpVerdict.TooOld, Open(_sender.Rtp(Plain(1000 - ReplayWindow.Size))));
    }

    [Fact]
    public void G11_rollover_is_followed_over_three_turns()
    {
        for (var index = 65_000; index < 65_536 * 3; index += 97)
        {
            Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(index), (uint)(index >> 16))));
        }
    }

    [Fact]
    public void G12_stream_that_wrapped_before_its_first_packet_came_is_found()
    {
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(3), rollover: 1)));
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(65_535), rollover: 0)));
    }

    [Fact]
    public void G13_rollover_further_off_is_not_searched_for() =>
        Assert.Equal(SrtpVerdict.BadTag, Open(_sender.Rtp(Plain(3), rollover: 2)));

    [Fact]
    public void G14_loss_of_over_half_a_turn_is_survived()
    {
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(100))));
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(40_000))));
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(20_000), rollover: 1)));
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(10_000), rollover: 2)));
    }

    // Forged packets that pretend a wrap must not drive the counter away.
    [Fact]
    public void G15_forged_numbers_do_not_move_the_rollover()
    {
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(100))));
        for (var number = 0; number < 65_536; number += 251)
        {
            var forged = _sender.Rtp(Plain(number));
            forged[^1] ^= 1;
            Assert.NotEqual(SrtpVerdict.Authentic, Open(forged));
        }

        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(101))));
    }

    [Fact]
    public void G16_thousand_errors_do_not_end_the_stream()
    {
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(SrtpVerdict.BadTag, Open([.. Plain(i), .. new byte[10]]));
        }

        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(1))));
    }

    [Fact]
    public void G17_forged_sources_take_no_place()
    {
        for (uint ssrc = 100; ssrc < 200; ssrc++)
        {
            Assert.Equal(SrtpVerdict.BadTag, Open([.. Tests.Rtp.Packet(1, ssrc), .. new byte[10]]));
        }

        for (uint ssrc = 1; ssrc <= SrtpSession.MaxSources; ssrc++)
        {
            Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Tests.Rtp.Packet(1, ssrc))));
        }

        Assert.Equal(SrtpVerdict.TooManySources, Open(_sender.Rtp(Tests.Rtp.Packet(1, 99))));
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(2))));
    }

    [Fact]
    public void G18_forged_bye_is_refused()
    {
        byte[] bye = [0x81, 203, 0, 1, 0, 0, 0, 1];
        Assert.NotEqual(SrtpVerdict.Authentic, _receiver.OpenRtcp([.. bye], 0, _workspace, out _));
        Assert.NotEqual(
            SrtpVerdict.Authentic, _receiver.OpenRtcp([.. bye, .. new byte[14]], 0, _workspace, out _));
        Assert.Equal(bye, OpenedReport(_receiver, _sender.Rtcp(bye, 4)));
    }

    // A tag of 32 bits for RTP never shortens that of RTCP (RFC 4568 §6.2.2).
    [Fact]
    public void G19_report_with_a_short_tag_is_refused_under_the_suite_of_short_tags()
    {
        var sender = new SrtpSender(SrtpSuite.AesCm128Tag32, 3);
        using var receiver = new SrtpReceiver(sender.Keys);
        var report = sender.Rtcp(Report(28), 1);
        Assert.NotEqual(
            SrtpVerdict.Authentic, receiver.OpenRtcp(report.AsSpan(0, report.Length - 6), 0, _workspace, out _));
        Assert.Equal(SrtpVerdict.Authentic, receiver.OpenRtcp(report, 0, _workspace, out _));
    }

    [Fact]
    public void G20_random_bytes_are_never_authentic()
    {
        const int seed = 20_261_124;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        foreach (var suite in Enum.GetValues<SrtpSuite>())
        {
            using var receiver = new SrtpReceiver(new SrtpSender(suite, seed).Keys);
            for (var i = 0; i < 5000; i++)
            {
                var packet = new byte[random.Next(12, 300)];
                random.NextBytes(packet);
                packet[0] = (byte)(0x80 | (packet[0] & 0x0F));
                var rtp = Talreg.Capture.Rtp.RtpPacket.Classify(packet) == Talreg.Capture.Rtp.PacketKind.Rtp;
                var verdict = rtp
                    ? receiver.Open(packet, 0, _workspace, out _)
                    : receiver.OpenRtcp(packet, 0, _workspace, out _);
                Assert.NotEqual(SrtpVerdict.Authentic, verdict);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rekey_loses_no_packet_whenever_the_sender_goes_over(bool rolloverGoesOn)
    {
        var next = new SrtpSender(SrtpSuite.AesGcm256, 4);
        for (var number = 65_500; number < 65_600; number++)
        {
            Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(number), (uint)(number >> 16)), number * 1000L));
        }

        _receiver.Rekey(next.Keys);

        // The sender goes on under the old key for a while, then the two cross on their way.
        for (var number = 65_600; number < 65_700; number++)
        {
            Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(number), 1), number * 1000L));
        }

        var rollover = rolloverGoesOn ? 1u : 0u;
        Assert.Equal(SrtpVerdict.Authentic, Open(next.Rtp(Plain(65_701), rollover), 1 * Second));
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(65_700), 1), 1 * Second));
        Assert.Equal(SrtpVerdict.Authentic, Open(next.Rtp(Plain(65_702), rollover), 3 * Second));
        Assert.Equal(SrtpVerdict.BadTag, Open(_sender.Rtp(Plain(65_699 + 10), 1), 4 * Second));
    }

    [Fact]
    public void Rekey_with_the_same_keys_keeps_the_window()
    {
        var packet = _sender.Rtp(Plain(1));
        Assert.Equal(SrtpVerdict.Authentic, Open([.. packet]));
        _receiver.Rekey(new SrtpSender(SrtpSuite.AesCm128Tag80, 1).Keys);
        Assert.Equal(SrtpVerdict.Replayed, Open(packet));
    }

    [Fact]
    public void Rekey_twice_before_the_sender_went_over_keeps_the_key_in_use()
    {
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(1))));
        _receiver.Rekey(new SrtpSender(SrtpSuite.AesCm128Tag80, 5).Keys);
        _receiver.Rekey(new SrtpSender(SrtpSuite.AesCm128Tag80, 6).Keys);
        Assert.Equal(SrtpVerdict.Authentic, Open(_sender.Rtp(Plain(2))));
        Assert.Equal(SrtpVerdict.Authentic, Open(new SrtpSender(SrtpSuite.AesCm128Tag80, 6).Rtp(Plain(3))));
    }

    [Theory]
    [InlineData(SrtpSuite.AesCm128Tag80)]
    [InlineData(SrtpSuite.AesCm256Tag32)]
    [InlineData(SrtpSuite.AesGcm128)]
    public void Open_allocates_nothing(SrtpSuite suite)
    {
        var sender = new SrtpSender(suite, 12);
        using var receiver = new SrtpReceiver(sender.Keys);
        var packets = Enumerable.Range(0, 800).Select(i => sender.Rtp(Plain(i))).ToArray();
        foreach (var packet in packets.Take(200))
        {
            Assert.Equal(SrtpVerdict.Authentic, receiver.Open(packet, 0, _workspace, out _));
        }

        var next = 200;
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var end = next + 200; next < end; next++)
            {
                receiver.Open(packets[next], 0, _workspace, out _);
                receiver.Open(packets[next], 0, _workspace, out _);
                packets[next][^1] ^= 1;
                receiver.Open(packets[next], 0, _workspace, out _);
            }
        }));
    }

    [Fact]
    public void ToString_never_shows_a_key()
    {
        Assert.Equal("AES_CM_128_HMAC_SHA1_80", _sender.Keys.ToString());
        var plan = Tests.Rtp.Plan with { Crypto = _sender.Keys };
        Assert.DoesNotContain(_sender.Keys.ToInline()[..8], plan.ToString(), StringComparison.Ordinal);
    }

    private static byte[] Plain(int index) => Tests.Rtp.Packet(index);

    private static byte[] Report(int size)
    {
        var report = new byte[size];
        report[0] = 0x80;
        report[1] = 200;
        BinaryPrimitives.WriteUInt16BigEndian(report.AsSpan(2), (ushort)((size / 4) - 1));
        report[7] = 1;
        return report;
    }

    private SrtpVerdict Open(byte[] packet, long arrivalNs = 0) => _receiver.Open(packet, arrivalNs, _workspace, out _);

    private byte[] Opened(SrtpReceiver receiver, byte[] packet)
    {
        Assert.Equal(SrtpVerdict.Authentic, receiver.Open(packet, 0, _workspace, out var length));
        return packet[..length];
    }

    private byte[] OpenedReport(SrtpReceiver receiver, byte[] packet)
    {
        Assert.Equal(SrtpVerdict.Authentic, receiver.OpenRtcp(packet, 0, _workspace, out var length));
        return packet[..length];
    }
}
