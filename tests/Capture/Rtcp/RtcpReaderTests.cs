using System.Buffers.Binary;
using Talreg.Capture.Rtcp;

namespace Talreg.Capture.Tests.Rtcp;

public sealed class RtcpReaderTests : IAsyncLifetime
{
    private readonly FakeDevice _device = new();
    private readonly MemoryJournal _journal = new();
    private CaptureEngine _engine = null!;
    private CaptureTake _take = null!;

    public async ValueTask InitializeAsync()
    {
        _journal.StartNs = _device.NowNs;
        _engine = new CaptureEngine(_device, _journal, TimeProvider.System);
        _take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public void IsCompound_sr_sdes_bye_is_walked()
    {
        byte[] compound = [.. SenderReport(blocks: 1), .. Description(), .. Bye()];
        Assert.True(RtcpReader.IsCompound(compound));
        var reader = new RtcpReader(compound);
        var types = new List<(byte, int)>();
        while (reader.MoveNext())
        {
            types.Add((reader.Type, reader.Count));
        }

        Assert.Equal([(200, 1), (202, 1), (203, 1)], types);
    }

    [Fact]
    public void IsCompound_cut_at_any_place_within_a_packet_is_refused()
    {
        byte[] compound = [.. SenderReport(), .. Description(), .. Bye()];
        int[] whole = [28, 28 + 12, compound.Length];
        for (var length = 0; length <= compound.Length; length++)
        {
            Assert.Equal(whole.Contains(length), RtcpReader.IsCompound(compound.AsSpan(0, length)));
        }
    }

    [Fact]
    public void IsCompound_rules_of_the_rfc_hold()
    {
        Assert.False(RtcpReader.IsCompound([.. Bye(), .. SenderReport()]), "a report comes first");
        byte[] padded = [.. SenderReport()];
        padded[0] |= 0x20;
        Assert.False(RtcpReader.IsCompound([.. padded, .. Bye()]), "the first is never padded");
        byte[] version = [.. SenderReport(), .. Bye()];
        version[28] = 0x41;
        Assert.False(RtcpReader.IsCompound(version), "every version is 2");
        byte[] last = [.. SenderReport(), .. Bye()];
        last[28] |= 0x20;
        Assert.True(RtcpReader.IsCompound(last), "the last may be padded");
        Assert.False(RtcpReader.IsCompound([.. last, .. Bye()]), "only the last may be padded");
    }

    [Fact]
    public void Random_bytes_are_walked_within_their_bounds()
    {
        const int seed = 20_261_124;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 100_000; i++)
        {
            var packet = new byte[random.Next(0, 100)];
            random.NextBytes(packet);
            var reader = new RtcpReader(packet);
            var bytes = 0;
            while (reader.MoveNext())
            {
                bytes += reader.Current.Length;
                reader.TryReadSender(out _);
            }

            Assert.True(bytes <= packet.Length);
        }
    }

    [Theory]
    [InlineData(0xEC_3B_F5_80_8000_0000UL, "2025-08-05T03:14:08.5000000+00:00")]
    [InlineData(0x0000_0000_0000_0001UL, "2036-02-07T06:28:16.0000000+00:00")]
    public void WallClock_counts_from_1900_and_past_2036(ulong ntp, string expected) => Assert.Equal(
        DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture),
        new SenderReport(1, ntp, 0, 0, 0).WallClock);

    [Fact]
    public void WallClock_of_a_sender_without_one_is_unknown() => Assert.Null(default(SenderReport).WallClock);

    [Fact]
    public async Task Receive_reports_are_stored_and_read_and_a_bye_ends_nothing()
    {
        var port = _take.Ports[0];
        _device.Deliver(port.Rtp, Rtp.Packet(1), Rtp.Caller);
        _device.Deliver(port.Rtcp, [.. SenderReport(), .. Bye()], Rtp.Caller);
        _device.Deliver(port.Rtcp, [.. SenderReport(), 1, 2, 3, 4], Rtp.Caller);
        _device.Deliver(port.Rtp, Rtp.Packet(2), Rtp.Caller);
        var stream = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((2, 2, 1, 1), (stream.Packets, stream.Rtcp, stream.Goodbyes, stream.InvalidReports));
        Assert.Equal(new SenderReport(1, 0xEC_3B_F5_80_8000_0000, 1600, 10, 1600), stream.LastSenderReport);
        Assert.Equal(_device.NowNs, stream.LastSenderReportNs);
        Assert.Equal(4, _journal.Packets.Count());
    }

    private static byte[] SenderReport(int blocks = 0)
    {
        var report = new byte[28 + (24 * blocks)];
        report[0] = (byte)(0x80 | blocks);
        report[1] = 200;
        BinaryPrimitives.WriteUInt16BigEndian(report.AsSpan(2), (ushort)((report.Length / 4) - 1));
        report[7] = 1;
        BinaryPrimitives.WriteUInt64BigEndian(report.AsSpan(8), 0xEC_3B_F5_80_8000_0000);
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(16), 1600);
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(20), 10);
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(24), 1600);
        return report;
    }

    private static byte[] Description() => [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 1, (byte)'a', 0];

    private static byte[] Bye() => [0x81, 203, 0, 1, 0, 0, 0, 1];
}
