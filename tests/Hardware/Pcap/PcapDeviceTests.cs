using System.Net;
using Talreg.Hardware.Pcap;
using Talreg.Hardware.Ports;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests.Pcap;

public sealed class PcapDeviceTests : CaptureDeviceConformance
{
    private const long Time = 1_700_000_000_000_000_000;
    private const long Second = 1_000_000_000;

    protected override ushort FirstPort => 20_000;

    protected override ICaptureDevice Create(DeviceSetup setup) => new PcapDevice(new PcapDeviceOptions
    {
        Ports = setup.Ports, Mapping = PcapPorts.SameNumber, AtRecordedSpeed = false,
    });

    protected override ITraffic CreateTraffic(ICaptureDevice device) => new FileTraffic((PcapDevice)device);

    [Fact]
    public async Task Play_destinations_take_the_pairs_in_the_order_they_were_opened()
    {
        var sink = new RecordingSink();
        await using var device = CreateFirstSeen();
        device.Start(sink);
        var pairs = (await device.OpenAsync(2)).Pairs;
        var other = new IPEndPoint(IPAddress.Parse("192.0.2.8"), 7000);
        var report = await device.PlayAsync(File(
            (0, Trace.To(7001)), (0, other), (0, Trace.To(7000)), (0, Trace.To(9000))));
        Assert.Equal((4L, 3L, 1L), (report.Frames, report.Delivered, report.Unmapped));
        Assert.Equal([pairs[0].Rtcp, pairs[1].Rtp, pairs[0].Rtp], sink.Datagrams.Select(d => d.Port));

        await device.PlayAsync(File((0, Trace.To(9000))));
        Assert.Equal(pairs[0].Rtp, sink.Datagrams.Last().Port);
    }

    [Fact]
    public async Task Play_closed_pair_gets_no_more_of_its_destination()
    {
        var sink = new RecordingSink();
        await using var device = CreateFirstSeen(atRecordedSpeed: true);
        device.Start(sink);
        var pairs = (await device.OpenAsync(2)).Pairs;
        var playing = device.PlayAsync(File(
            (0, Trace.To(7000)), (Second / 5, Trace.To(7000)), (Second / 5, Trace.To(7002))));
        await Wait.UntilAsync(() => !sink.Datagrams.IsEmpty, "the first datagram");
        await device.CloseAsync(pairs[0]);
        var report = await playing;
        Assert.Equal((2L, 1L), (report.Delivered, report.Unmapped));
        Assert.Equal([pairs[0].Rtp, pairs[1].Rtp], sink.Datagrams.Select(d => d.Port));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Play_arrivals_keep_the_distances_they_were_recorded_with(bool atRecordedSpeed)
    {
        var sink = new RecordingSink();
        await using var device = CreateFirstSeen(atRecordedSpeed);
        device.Start(sink);
        await device.OpenAsync(1);
        await device.PlayAsync(File((0, Trace.To(7000)), (Second / 10, Trace.To(7000)), (Second / 4, Trace.To(7000))));
        var first = sink.Datagrams.First().ArrivalNs;
        Assert.Equal([0, Second / 10, Second / 4], sink.Datagrams.Select(d => d.ArrivalNs - first));
        Assert.True(sink.LastClock.MonotonicNs >= sink.Datagrams.Last().ArrivalNs, "The clock lies behind an arrival.");
    }

    [Fact]
    public async Task Play_hour_at_full_speed_ticks_through_it()
    {
        var sink = new RecordingSink();
        await using var device = CreateFirstSeen();
        device.Start(sink);
        await device.OpenAsync(1);
        await device.PlayAsync(File((0, Trace.To(7000)), (3600 * Second, Trace.To(7000))));
        Assert.True(sink.Ticks >= 3600 * 50, $"{sink.Ticks} ticks in an hour");
    }

    [Fact]
    public async Task Play_counts_what_it_does_not_deliver()
    {
        var fragment = Trace.Ethernet(Trace.IPv4(Trace.Caller, Trace.To(7000), [1], fragment: 0x2000));
        var tcp = Trace.Ethernet(Trace.IPv4(Trace.Caller, Trace.To(7000), [1], next: 6));
        var bad = Trace.Ethernet([0x4F, .. new byte[20]]);
        await using var device = CreateFirstSeen();
        device.Start(new RecordingSink());
        var report = await device.PlayAsync(new MemoryStream(Trace.Pcap(1, [(0, fragment), (0, tcp), (0, bad)])));
        Assert.Equal((3L, 1L, 1L, 1L), (report.Frames, report.Fragments, report.NotUdp, report.Malformed));
        report = await device.PlayAsync(new MemoryStream(Trace.Pcap(105, [(0, fragment)])));
        Assert.Equal(1, report.OtherLink);
    }

    [Fact]
    public async Task Play_damaged_file_delivers_what_stands_before_and_is_refused()
    {
        var sink = new RecordingSink();
        await using var device = CreateFirstSeen();
        device.Start(sink);
        await device.OpenAsync(1);
        var file = File((0, Trace.To(7000)), (0, Trace.To(7000))).ToArray();
        var refused = await Assert.ThrowsAsync<CaptureFileException>(
            () => device.PlayAsync(new MemoryStream(file[..^1])));
        Assert.Equal(CaptureFileFault.Truncated, refused.Fault);
        Assert.Single(sink.Datagrams);
        Assert.Equal(2, (await device.PlayAsync(new MemoryStream(file))).Delivered);
    }

    [Fact]
    public async Task Dispose_replay_that_has_not_ended_is_cancelled()
    {
        var device = CreateFirstSeen(atRecordedSpeed: true);
        device.Start(new RecordingSink());
        await device.OpenAsync(1);
        var playing = device.PlayAsync(File((0, Trace.To(7000)), (3600 * Second, Trace.To(7000))));
        await device.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => playing);
    }

    private PcapDevice CreateFirstSeen(bool atRecordedSpeed = false) =>
        new(new PcapDeviceOptions { Ports = Range(99), AtRecordedSpeed = atRecordedSpeed });

    private static MemoryStream File(params (long AfterNs, IPEndPoint To)[] datagrams) => new(Trace.Pcap(
        LinkLayer.Ethernet,
        datagrams.Select(d => (Time + d.AfterNs, Trace.Ethernet(Trace.IPv4(Trace.Caller, d.To, new byte[12])))),
        nanoseconds: true));

    /// <summary>Sends by replaying a file to the port of that number.</summary>
    private sealed class FileTraffic(PcapDevice device) : ITraffic
    {
        public IPEndPoint Source => Trace.Caller;

        public async ValueTask SendAsync(ushort port, ReadOnlyMemory<byte> payload) =>
            await PlayAsync(port, payload, 1);

        public async ValueTask SendManyAsync(ushort port, int count) => await PlayAsync(port, new byte[172], count);

        public void Dispose()
        {
        }

        private Task<PcapReport> PlayAsync(ushort port, ReadOnlyMemory<byte> payload, int count)
        {
            var frame = Trace.IPv4(Trace.Caller, Trace.To(port), payload.Span);
            return device.PlayAsync(new MemoryStream(
                Trace.Pcap(LinkLayer.Raw, Enumerable.Repeat((Time, frame), count))));
        }
    }
}
