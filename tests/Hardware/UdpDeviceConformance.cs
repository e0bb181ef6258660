using System.Net;
using System.Net.Sockets;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests;

/// <summary>What every device on the machine's UDP ports must do besides.</summary>
public abstract class UdpDeviceConformance : CaptureDeviceConformance
{
    protected abstract IPAddress Address { get; }

    protected abstract ReceiveMethod Method { get; }

    [Fact]
    public async Task Receive_full_buffer_drops_are_told_and_received_plus_dropped_is_sent()
    {
        const int Sent = 3000;
        var sink = new RecordingSink();
        await using var device = CreateUdp(Options(Range(99)) with
        {
            ReceiveBufferBytes = 4096,
            ShardBufferBytes = 4096,
            ScanInterval = TimeSpan.FromMilliseconds(100),
            RestInterval = TimeSpan.FromMilliseconds(100),
        });
        device.Start(sink);
        var pairs = (await device.OpenAsync(3)).Pairs;
        using var traffic = CreateTraffic(device);
        for (var i = 0; i < Sent; i++)
        {
            await traffic.SendAsync(pairs[i % pairs.Count].Rtp, new byte[172]);
        }

        foreach (var pair in pairs)
        {
            await device.CloseAsync(pair);
        }

        Assert.True(sink.Drops > 0, "A buffer of 4 KiB holds no 3000 packets.");
        Assert.Equal(Sent, sink.Datagrams.Count + sink.Drops);
        var dropPorts = sink.Events.Where(e => e.Kind == DeviceEventKind.KernelDrops).Select(e => e.LocalPort);
        Assert.All(dropPorts, port => Assert.Equal(device.Method == ReceiveMethod.Gathered, port == 0));
    }

    [Fact]
    public async Task Receive_drop_is_told_between_the_datagrams_it_lies_between()
    {
        var sink = new RecordingSink();
        await using var device = CreateUdp(Options(Range(99)) with
        {
            ReceiveBufferBytes = 4096,
            ShardBufferBytes = 4096,
            ScanInterval = TimeSpan.FromMilliseconds(100),
            RestInterval = TimeSpan.FromMilliseconds(100),
        });
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        for (var i = 0; i < 3000; i++)
        {
            await traffic.SendAsync(pair.Rtp, Numbered(i));
        }

        await device.CloseAsync(pair);
        Assert.All(sink.Datagrams, d => Assert.InRange(d.Number, d.DropsBefore, 3000));
        var previous = -1;
        var dropped = 0L;
        foreach (var datagram in sink.Datagrams)
        {
            Assert.Equal(datagram.Number - previous - 1, datagram.DropsBefore - dropped);
            (previous, dropped) = (datagram.Number, datagram.DropsBefore);
        }
    }

    [Fact]
    public async Task Open_port_of_another_program_is_not_stolen()
    {
        using var other = new Socket(Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(Address, FirstPort + 1));
        var sink = new RecordingSink();
        await using var device = CreateUdp(Options(Range(3)));
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        Assert.Equal(FirstPort + 2, pair.Rtp);
        Assert.Equal(PortRefusal.PortsExhausted, (await device.OpenAsync(1)).Refusal);
        using var traffic = CreateTraffic(device);
        await traffic.SendAsync((ushort)(FirstPort + 1), Numbered(1));
        await traffic.SendAsync(pair.Rtp, Numbered(2));
        await Wait.UntilAsync(() => !sink.Datagrams.IsEmpty, "the device's datagram");
        await Wait.UntilAsync(() => other.Available > 0, "the other program's datagram");
        Assert.Equal(2, Assert.Single(sink.Datagrams).Number);
    }

    [Fact]
    public async Task Open_port_cannot_be_taken_by_others()
    {
        await using var device = Start(new RecordingSink());
        var pair = (await device.OpenAsync(1)).Pairs[0];
        foreach (var port in new[] { pair.Rtp, pair.Rtcp })
        {
            using var other = new Socket(Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            var taken = Assert.Throws<SocketException>(() => other.Bind(new IPEndPoint(Address, port)));
            Assert.Equal(SocketError.AddressAlreadyInUse, taken.SocketErrorCode);
        }
    }

    [Fact]
    public async Task Close_gives_the_port_back_to_others()
    {
        var sink = new RecordingSink();
        await using var device = Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        await device.CloseAsync(pair);
        using var other = new Socket(Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(Address, pair.Rtp));
        using var traffic = CreateTraffic(device);
        await traffic.SendAsync(pair.Rtp, Numbered(1));
        await Wait.UntilAsync(() => other.Available > 0, "the datagram at the port's new owner");
        Assert.Empty(sink.Datagrams);
    }

    [Fact]
    public async Task Receive_longer_than_the_buffer_is_flagged_as_truncated()
    {
        var sink = new RecordingSink();
        await using var device = CreateUdp(Options(Range(99)) with { MaxDatagramBytes = 256 });
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        await traffic.SendAsync(pair.Rtp, new byte[257]);
        await Wait.UntilAsync(() => !sink.Datagrams.IsEmpty, "the datagram");
        var received = Assert.Single(sink.Datagrams);
        Assert.Equal(DatagramFlags.Truncated, received.Flags & DatagramFlags.Truncated);
        Assert.Equal(256, received.Bytes.Length);
    }

    [Fact]
    public async Task Shards_each_reads_the_ports_it_was_given()
    {
        var sink = new RecordingSink();
        await using var device = Create(new DeviceSetup(Range(99), Shards: 3));
        device.Start(sink);
        var pairs = new List<PortPair>();
        for (var i = 0; i < 6; i++)
        {
            pairs.AddRange((await device.OpenAsync(1)).Pairs);
        }

        Assert.Equal([0, 0, 1, 1, 2, 2], pairs.Select(p => p.Shard).Order());
        Assert.Equal(2, (await device.OpenAsync(1, shard: 2)).Pairs[0].Shard);
        using var traffic = CreateTraffic(device);
        foreach (var pair in pairs)
        {
            await traffic.SendAsync(pair.Rtp, Numbered(pair.Shard));
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == pairs.Count, "one datagram per pair");
        Assert.All(sink.Datagrams, d => Assert.Equal(d.Number, d.Shard));
    }

    [Fact]
    public async Task Receive_any_address_hears_every_local_one()
    {
        var any = Address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        var sink = new RecordingSink();
        await using var device = CreateUdp(Options(Range(99)) with { Address = any });
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        await traffic.SendAsync(pair.Rtp, Numbered(5));
        await Wait.UntilAsync(() => !sink.Datagrams.IsEmpty, "the datagram");
        Assert.Equal(5, sink.Datagrams.Single().Number);
    }

    [Fact]
    public async Task Send_leaves_from_the_port_asked_for_and_what_comes_back_is_received()
    {
        var sink = new RecordingSink();
        await using var device = (UdpDevice)Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var peer = new Socket(Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(Address, 0));
        var destination = SourceAddress.From((IPEndPoint)peer.LocalEndPoint!);
        var buffer = new byte[64];
        foreach (var (fromRtcp, port) in new[] { (true, pair.Rtcp), (false, pair.Rtp) })
        {
            Assert.Equal(0, device.Send(pair, fromRtcp, [1, 2, 3], destination));
            await Wait.UntilAsync(() => peer.Available > 0, "the datagram at the peer");
            EndPoint source = new IPEndPoint(Address, 0);
            Assert.Equal(3, peer.ReceiveFrom(buffer, ref source));
            Assert.Equal(new IPEndPoint(Address, port), source);
            Assert.Equal([1, 2, 3], buffer[..3]);
            peer.SendTo(buffer.AsSpan(0, 3), source);
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == 2, "both answers");
        Assert.Equal([pair.Rtp, pair.Rtcp], sink.Datagrams.Select(d => d.Port).Order());
    }

    [Fact]
    public async Task Send_to_the_other_family_or_from_a_closed_pair_is_refused_by_errno()
    {
        const int BadDescriptor = 9;
        const int FamilyNotSupported = 97;
        await using var device = (UdpDevice)Start(new RecordingSink());
        var pair = (await device.OpenAsync(1)).Pairs[0];
        var other = Address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        Assert.Equal(
            FamilyNotSupported, device.Send(pair, true, [1], SourceAddress.From(new IPEndPoint(other, 9))));
        await device.CloseAsync(pair);
        Assert.Equal(BadDescriptor, device.Send(pair, true, [1], SourceAddress.From(new IPEndPoint(Address, 9))));
    }

    protected override ICaptureDevice Create(DeviceSetup setup) =>
        CreateUdp(Options(setup.Ports) with { Shards = setup.Shards });

    protected override ITraffic CreateTraffic(ICaptureDevice device) => new SocketTraffic(Address);

    protected UdpDeviceOptions Options(PortRange ports) => new() { Address = Address, Ports = ports, Method = Method };

    private UdpDevice CreateUdp(UdpDeviceOptions options)
    {
        if (Method == ReceiveMethod.Gathered)
        {
            Privilege.RequireGathered();
        }

        return new UdpDevice(options);
    }

    /// <summary>Sends from a socket; loopback delivers before it returns.</summary>
    private sealed class SocketTraffic : ITraffic
    {
        private readonly Socket _socket;
        private readonly IPAddress _address;

        public SocketTraffic(IPAddress address)
        {
            _address = address;
            _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            _socket.Bind(new IPEndPoint(address, 0));
        }

        public IPEndPoint Source => (IPEndPoint)_socket.LocalEndPoint!;

        public ValueTask SendAsync(ushort port, ReadOnlyMemory<byte> payload)
        {
            _socket.SendTo(payload.Span, new IPEndPoint(_address, port));
            return ValueTask.CompletedTask;
        }

        public async ValueTask SendManyAsync(ushort port, int count)
        {
            for (var i = 0; i < count; i++)
            {
                await SendAsync(port, new byte[172]);
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}

public sealed class ScanIPv4Tests : UdpDeviceConformance
{
    protected override IPAddress Address => IPAddress.Loopback;

    protected override ReceiveMethod Method => ReceiveMethod.Scan;

    protected override ushort FirstPort => 10_000;
}

public sealed class ScanIPv6Tests : UdpDeviceConformance
{
    protected override IPAddress Address => IPAddress.IPv6Loopback;

    protected override ReceiveMethod Method => ReceiveMethod.Scan;

    protected override ushort FirstPort => 12_200;
}

public sealed class GatheredIPv4Tests : UdpDeviceConformance
{
    protected override IPAddress Address => IPAddress.Loopback;

    protected override ReceiveMethod Method => ReceiveMethod.Gathered;

    protected override ushort FirstPort => 14_400;
}

public sealed class GatheredIPv6Tests : UdpDeviceConformance
{
    protected override IPAddress Address => IPAddress.IPv6Loopback;

    protected override ReceiveMethod Method => ReceiveMethod.Gathered;

    protected override ushort FirstPort => 16_600;
}
