using System.Net;
using System.Net.Sockets;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.Hardware.Udp.Gather;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests;

public sealed class ReceiveMethodTests
{
    private static UdpDeviceOptions Options => new()
    {
        Address = IPAddress.Loopback, Ports = new PortRange { Low = 18_800, High = 18_899 },
    };

    [Fact]
    public async Task Auto_gathers_where_the_process_may()
    {
        Privilege.RequireGathered();
        await using var device = new UdpDevice(Options with { Method = ReceiveMethod.Auto });
        Assert.Equal(ReceiveMethod.Gathered, device.Method);
        Assert.Null(device.NotGathered);
    }

    [Fact]
    public void Auto_without_capability_scans_and_says_what_is_missing() => Privilege.RunWithout(() =>
    {
        var device = new UdpDevice(Options with { Method = ReceiveMethod.Auto });
        Assert.Equal(ReceiveMethod.Scan, device.Method);
        Assert.Equal(GatherRefusal.Capability, device.NotGathered?.Refusal);
        Assert.Equal("the process lacks CAP_BPF and CAP_NET_ADMIN", device.NotGathered!.Message);
    });

    [Fact]
    public void Gathered_without_capability_is_refused_by_name() => Privilege.RunWithout(() =>
    {
        var refusal = Assert.Throws<GatherUnavailableException>(
            () => new UdpDevice(Options with { Method = ReceiveMethod.Gathered }));
        Assert.Equal(GatherRefusal.Capability, refusal.Refusal);
    });

    [Theory]
    [InlineData(0UL, "CAP_BPF CAP_NET_ADMIN")]
    [InlineData(1UL << 12, "CAP_BPF")]
    [InlineData(1UL << 39, "CAP_NET_ADMIN")]
    [InlineData((1UL << 21) | (1UL << 12), "")]
    [InlineData((1UL << 39) | (1UL << 12), "")]
    public void Missing_names_what_is_not_held(ulong held, string names) =>
        Assert.Equal(names, string.Join(' ', ProcessCapabilities.Missing(held)));

    [Fact]
    public async Task Steer_takes_the_devices_own_address_only()
    {
        Privilege.RequireGathered();
        var second = IPAddress.Parse("127.0.0.2");
        var first = new RecordingSink();
        var other = new RecordingSink();
        await using var one = new UdpDevice(Options with { Method = ReceiveMethod.Gathered });
        await using var two = new UdpDevice(Options with { Method = ReceiveMethod.Gathered, Address = second });
        one.Start(first);
        two.Start(other);
        var port = (await one.OpenAsync(1)).Pairs[0].Rtp;
        Assert.Equal(port, (await two.OpenAsync(1)).Pairs[0].Rtp);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo([1], new IPEndPoint(IPAddress.Loopback, port));
        sender.SendTo([2], new IPEndPoint(second, port));
        await Wait.UntilAsync(() => first.Datagrams.Count + other.Datagrams.Count == 2, "both datagrams");
        Assert.Equal((1, 2), (first.Datagrams.Single().Bytes[0], other.Datagrams.Single().Bytes[0]));
    }

    [Fact]
    public void Steer_own_port_of_a_shard_answers_as_if_closed()
    {
        Privilege.RequireGathered();
        using var socket = new GatherSocket(IPAddress.Loopback, 65_536);
        using var steering = Steering.Begin(IPAddress.Loopback, [socket]);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(IPAddress.Loopback, socket.OwnPort);
        sender.Send([1]);
        var refused = Assert.Throws<SocketException>(() => sender.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task Open_without_holding_ports_needs_no_descriptor_for_them()
    {
        Privilege.RequireGathered();
        var sink = new RecordingSink();
        await using var device = new UdpDevice(Options with { Method = ReceiveMethod.Gathered, HoldPorts = false });
        device.Start(sink);
        var port = (await device.OpenAsync(1)).Pairs[0].Rtp;
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, port));
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo([3], new IPEndPoint(IPAddress.Loopback, port));
        await Wait.UntilAsync(() => !sink.Datagrams.IsEmpty, "the datagram");
        Assert.Equal(0, other.Available);
    }

    [Fact]
    public async Task Dispose_ends_the_steering()
    {
        Privilege.RequireGathered();
        var device = new UdpDevice(Options with { Method = ReceiveMethod.Gathered });
        device.Start(new RecordingSink());
        var port = (await device.OpenAsync(1)).Pairs[0].Rtp;
        await device.DisposeAsync();
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(IPAddress.Loopback, port);
        sender.Send([1]);
        Assert.Throws<SocketException>(() => sender.Receive(new byte[1]));
    }

    [Fact]
    public void Advance_counter_wraps_and_never_runs_backwards()
    {
        var counter = new DropCounter(0);
        Assert.Equal(5u, counter.Advance(5));
        Assert.Equal(0u, counter.Advance(5));
        Assert.Equal(0u, counter.Advance(3));
        Assert.Equal((uint)int.MaxValue, counter.Advance(5u + int.MaxValue));
        Assert.Equal((uint)int.MaxValue, counter.Advance(unchecked(5u + int.MaxValue + int.MaxValue)));
        Assert.Equal(10u, counter.Advance(13));
    }
}
