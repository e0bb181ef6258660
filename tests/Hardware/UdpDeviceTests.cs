using System.Net;
using System.Net.Sockets;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests;

public sealed class UdpDeviceIPv4Tests : CaptureDeviceConformance
{
    protected override IPAddress Address => IPAddress.Loopback;

    protected override ICaptureDevice Create() => new UdpDevice(Options(21000, 21099));

    [Fact]
    public async Task Open_busy_port_is_skipped()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(Address, 21101));
        await using var device = new UdpDevice(Options(21100, 21103));
        device.Start(new RecordingSink());
        Assert.Equal(21102, (await device.OpenAsync(1)).Pairs[0].Rtp);
        Assert.Equal(PortRefusal.PortsExhausted, (await device.OpenAsync(1)).Refusal);
    }

    [Fact]
    public async Task Receive_full_buffer_drops_are_told_and_received_plus_dropped_is_sent()
    {
        const int Sent = 2000;
        var sink = new RecordingSink();
        await using var device = new UdpDevice(Options(21110, 21113) with
        {
            ReceiveBufferBytes = 4096, ScanInterval = TimeSpan.FromMilliseconds(100),
        });
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var sender = Sender();
        for (var i = 0; i < Sent; i++)
        {
            await sender.SendToAsync(new byte[172], new IPEndPoint(Address, pair.Rtp));
        }

        await device.CloseAsync(pair);
        var drops = sink.Events.Where(e => e.Kind == DeviceEventKind.KernelDrops).Sum(e => e.Count);
        Assert.True(drops > 0, "A buffer of 4 KiB holds no 2000 packets.");
        Assert.Equal(Sent, sink.Datagrams.Count + drops);
    }

    [Fact]
    public async Task Receive_longer_than_the_buffer_is_flagged_as_truncated()
    {
        var sink = new RecordingSink();
        await using var device = new UdpDevice(Options(21120, 21123) with { MaxDatagramBytes = 256 });
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var sender = Sender();
        await sender.SendToAsync(new byte[257], new IPEndPoint(Address, pair.Rtp));
        await Wait.UntilAsync(() => !sink.Datagrams.IsEmpty, "the datagram");
        var received = Assert.Single(sink.Datagrams);
        Assert.Equal(DatagramFlags.Truncated, received.Flags & DatagramFlags.Truncated);
        Assert.Equal(256, received.Bytes.Length);
    }

    internal static UdpDeviceOptions Options(ushort low, ushort high) => new()
    {
        Address = IPAddress.Loopback, Ports = new PortRange { Low = low, High = high },
    };
}

public sealed class UdpDeviceIPv6Tests : CaptureDeviceConformance
{
    protected override IPAddress Address => IPAddress.IPv6Loopback;

    protected override ICaptureDevice Create() => new UdpDevice(
        UdpDeviceIPv4Tests.Options(21200, 21299) with { Address = Address });
}
