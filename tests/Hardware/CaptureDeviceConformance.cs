using System.Buffers.Binary;
using System.Net;
using Talreg.Hardware.Clock;
using Talreg.Hardware.Ports;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests;

/// <summary>What a device is to be made like.</summary>
/// <param name="Ports">The ports it may open.</param>
/// <param name="Shards">How many shards.</param>
public sealed record DeviceSetup(PortRange Ports, int Shards = 1);

/// <summary>Whoever sends to a device under test.</summary>
public interface ITraffic : IDisposable
{
    /// <summary>What datagrams say of their sender.</summary>
    IPEndPoint Source { get; }

    /// <summary>Sends one datagram to a port of the device; it has arrived on completion.</summary>
    ValueTask SendAsync(ushort port, ReadOnlyMemory<byte> payload);

    /// <summary>Sends many; they may be lost.</summary>
    ValueTask SendManyAsync(ushort port, int count);
}

/// <summary>What every device must do. A device's test class inherits it and says how the device is made.</summary>
public abstract class CaptureDeviceConformance
{
    /// <summary>The first of 2,100 ports that are this class's.</summary>
    protected abstract ushort FirstPort { get; }

    protected abstract ICaptureDevice Create(DeviceSetup setup);

    protected abstract ITraffic CreateTraffic(ICaptureDevice device);

    [Fact]
    public async Task Receive_sent_datagrams_arrive_in_order_with_source_and_time()
    {
        var sink = new RecordingSink();
        await using var device = Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        var before = MachineClock.MonotonicNs();
        for (var i = 0; i < 300; i++)
        {
            await traffic.SendAsync(pair.Rtp, Numbered(i));
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == 300, "300 datagrams");
        var after = MachineClock.MonotonicNs();
        var received = sink.Datagrams.ToArray();
        Assert.Equal(Enumerable.Range(0, 300), received.Select(d => d.Number));
        Assert.All(received, d => Assert.Equal(traffic.Source, d.Source.ToEndPoint()));
        Assert.All(received, d => Assert.Equal(pair.Rtp, d.Port));
        Assert.All(received, d => Assert.InRange(d.ArrivalNs, before - 1_000_000, after + 1_000_000));
    }

    [Fact]
    public async Task Receive_burst_over_several_ports_keeps_the_order_of_each()
    {
        const int Rounds = 250;
        var sink = new RecordingSink();
        await using var device = Start(sink);
        var pairs = (await device.OpenAsync(8)).Pairs;
        using var traffic = CreateTraffic(device);
        for (var i = 0; i < Rounds; i++)
        {
            foreach (var pair in pairs)
            {
                await traffic.SendAsync(pair.Rtp, Numbered(i));
            }
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == Rounds * pairs.Count, "the burst");
        var byPort = sink.Datagrams.GroupBy(d => d.Port).ToArray();
        Assert.Equal(pairs.Count, byPort.Length);
        Assert.All(byPort, port => Assert.Equal(Enumerable.Range(0, Rounds), port.Select(d => d.Number)));
        Assert.All(byPort, port => Assert.Equal(port.Select(d => d.ArrivalNs).Order(), port.Select(d => d.ArrivalNs)));
    }

    [Fact]
    public async Task Receive_empty_datagram_is_one()
    {
        var sink = new RecordingSink();
        await using var device = Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        await traffic.SendAsync(pair.Rtcp, Array.Empty<byte>());
        await Wait.UntilAsync(() => !sink.Datagrams.IsEmpty, "the datagram");
        Assert.Equal((pair.Rtcp, 0), (sink.Datagrams.Single().Port, sink.Datagrams.Single().Bytes.Length));
    }

    [Fact]
    public async Task Open_pairs_are_even_adjacent_and_both_ports_receive()
    {
        var sink = new RecordingSink();
        await using var device = Start(sink);
        var grant = await device.OpenAsync(2);
        Assert.True(grant.IsGranted);
        Assert.Equal(0, grant.Pairs[0].Rtp % 2);
        Assert.Equal(grant.Pairs[0].Rtp + 2, grant.Pairs[1].Rtp);
        using var traffic = CreateTraffic(device);
        foreach (var port in grant.Pairs.SelectMany(p => new[] { p.Rtp, p.Rtcp }))
        {
            await traffic.SendAsync(port, new byte[] { 1 });
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == 4, "one datagram per port");
        Assert.Equal(4, sink.Datagrams.Select(d => d.Port).Distinct().Count());
        Assert.Equal(4, sink.Events.Count(e => e.Kind == DeviceEventKind.PortOpened));
    }

    [Fact]
    public async Task Open_1000_ports_each_receives_its_own()
    {
        var sink = new RecordingSink();
        await using var device = Create(new DeviceSetup(Range(2047), Shards: 1));
        device.Start(sink);
        var pairs = new List<PortPair>();
        while (pairs.Count < 500)
        {
            var grant = await device.OpenAsync(50);
            Assert.Equal(PortRefusal.None, grant.Refusal);
            pairs.AddRange(grant.Pairs);
        }

        var ports = pairs.SelectMany(p => new[] { p.Rtp, p.Rtcp }).ToArray();
        Assert.Equal(1000, ports.Distinct().Count());
        using var traffic = CreateTraffic(device);
        foreach (var port in ports)
        {
            await traffic.SendAsync(port, Numbered(port));
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == ports.Length, "one datagram per port");
        Assert.All(sink.Datagrams, d => Assert.Equal(d.Port, d.Number));
        Assert.Equal(ports.Order(), sink.Datagrams.Select(d => d.Port).Order());
    }

    [Fact]
    public async Task Close_what_arrived_is_delivered_first_and_nothing_after()
    {
        var sink = new RecordingSink();
        await using var device = Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        for (var i = 0; i < 100; i++)
        {
            await traffic.SendAsync(pair.Rtp, Numbered(i));
        }

        await device.CloseAsync(pair);
        Assert.Equal(Enumerable.Range(0, 100), sink.Datagrams.Select(d => d.Number));
        Assert.Equal(2, sink.Events.Count(e => e.Kind == DeviceEventKind.PortClosed));
        await device.CloseAsync(pair);
        Assert.Equal(2, sink.Events.Count(e => e.Kind == DeviceEventKind.PortClosed));
        var other = (await device.OpenAsync(1)).Pairs[0];
        await traffic.SendAsync(pair.Rtp, Numbered(100));
        await traffic.SendAsync(other.Rtp, Numbered(101));
        await Wait.UntilAsync(() => sink.Datagrams.Any(d => d.Number == 101), "the other port's datagram");
        Assert.DoesNotContain(sink.Datagrams, d => d.Number == 100);
    }

    [Fact]
    public async Task Dispose_what_arrived_is_delivered_first()
    {
        var sink = new RecordingSink();
        var device = Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        await traffic.SendAsync(pair.Rtp, Numbered(7));
        await device.DisposeAsync();
        Assert.Equal(7, Assert.Single(sink.Datagrams).Number);
        Assert.Equal(2, sink.Events.Count(e => e.Kind == DeviceEventKind.PortClosed));
        Assert.Equal(PortRefusal.Stopped, (await device.OpenAsync(1)).Refusal);
    }

    [Fact]
    public async Task Tick_comes_by_itself_and_at_once_when_woken()
    {
        var sink = new RecordingSink();
        await using var device = Start(sink);
        await Wait.UntilAsync(() => sink.Ticks >= 3, "three ticks");
        var seen = sink.Ticks;
        device.Wake(0);
        await Wait.UntilAsync(() => sink.Ticks > seen, "a tick after waking");
        Assert.True(sink.LastClock.MonotonicNs > 0);
    }

    [Fact]
    public async Task Receive_after_warm_up_allocates_nothing_on_the_shard_thread()
    {
        var sink = new AllocationSink(skip: 500, count: 1000);
        await using var device = Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var traffic = CreateTraffic(device);
        await Wait.UntilAsync(
            async () =>
            {
                await traffic.SendManyAsync(pair.Rtp, 2000);
                return sink.Allocated is not null;
            },
            "1500 datagrams");
        Assert.Equal(0, sink.Allocated);
    }

    protected PortRange Range(int ports, int skip = 0) => new()
    {
        Low = (ushort)(FirstPort + skip), High = (ushort)(FirstPort + skip + ports),
    };

    protected ICaptureDevice Start(ICaptureSink sink)
    {
        var device = Create(new DeviceSetup(Range(99)));
        device.Start(sink);
        return device;
    }

    protected static byte[] Numbered(int number)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return payload;
    }
}
