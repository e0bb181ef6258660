using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Talreg.Hardware.Clock;
using Talreg.Hardware.Ports;
using Talreg.TestKit;

namespace Talreg.Hardware.Tests;

/// <summary>What every device must do. A device's test class inherits it and says how the device is made.</summary>
public abstract class CaptureDeviceConformance
{
    protected abstract IPAddress Address { get; }

    protected abstract ICaptureDevice Create();

    [Fact]
    public async Task Receive_sent_datagrams_arrive_in_order_with_source_and_time()
    {
        var sink = new RecordingSink();
        await using var device = Create();
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var sender = Sender();
        var before = MachineClock.MonotonicNs();
        for (var i = 0; i < 300; i++)
        {
            await sender.SendToAsync(new byte[] { (byte)(i >> 8), (byte)i }, new IPEndPoint(Address, pair.Rtp));
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == 300, "300 datagrams");
        var after = MachineClock.MonotonicNs();
        var received = sink.Datagrams.ToArray();
        Assert.Equal(Enumerable.Range(0, 300), received.Select(d => (d.Bytes[0] << 8) | d.Bytes[1]));
        Assert.All(received, d => Assert.Equal(sender.LocalEndPoint, d.Source.ToEndPoint()));
        Assert.All(received, d => Assert.Equal(pair.Rtp, d.Port));
        Assert.All(received, d => Assert.InRange(d.ArrivalNs, before - 1_000_000, after + 1_000_000));
    }

    [Fact]
    public async Task Open_pairs_are_even_adjacent_and_both_ports_receive()
    {
        var sink = new RecordingSink();
        await using var device = Create();
        device.Start(sink);
        var grant = await device.OpenAsync(2);
        Assert.True(grant.IsGranted);
        Assert.Equal(0, grant.Pairs[0].Rtp % 2);
        Assert.Equal(grant.Pairs[0].Rtp + 2, grant.Pairs[1].Rtp);
        using var sender = Sender();
        foreach (var port in grant.Pairs.SelectMany(p => new[] { p.Rtp, p.Rtcp }))
        {
            await sender.SendToAsync(new byte[] { 1 }, new IPEndPoint(Address, port));
        }

        await Wait.UntilAsync(() => sink.Datagrams.Count == 4, "one datagram per port");
        Assert.Equal(4, sink.Datagrams.Select(d => d.Port).Distinct().Count());
        Assert.Equal(4, sink.Events.Count(e => e.Kind == DeviceEventKind.PortOpened));
    }

    [Fact]
    public async Task Close_what_arrived_is_delivered_first_and_nothing_after()
    {
        var sink = new RecordingSink();
        await using var device = Create();
        device.Start(sink);
        var pair = (await device.OpenAsync(1)).Pairs[0];
        using var sender = Sender();
        await sender.SendToAsync(new byte[] { 7 }, new IPEndPoint(Address, pair.Rtp));
        await device.CloseAsync(pair);
        Assert.Single(sink.Datagrams);
        Assert.Equal(2, sink.Events.Count(e => e.Kind == DeviceEventKind.PortClosed));
        await device.CloseAsync(pair);
        Assert.Equal(2, sink.Events.Count(e => e.Kind == DeviceEventKind.PortClosed));
    }

    [Fact]
    public async Task Tick_comes_by_itself_and_at_once_when_woken()
    {
        var sink = new RecordingSink();
        await using var device = Create();
        device.Start(sink);
        await Wait.UntilAsync(() => sink.Ticks >= 3, "three ticks", TimeSpan.FromSeconds(2));
        var seen = sink.Ticks;
        device.Wake(0);
        await Wait.UntilAsync(() => sink.Ticks > seen, "a tick after waking", TimeSpan.FromSeconds(1));
        Assert.True(sink.LastClock.MonotonicNs > 0);
    }

    [Fact]
    public async Task Open_after_dispose_is_refused_as_stopped()
    {
        var device = Create();
        device.Start(new RecordingSink());
        await device.DisposeAsync();
        Assert.Equal(PortRefusal.Stopped, (await device.OpenAsync(1)).Refusal);
    }

    protected Socket Sender()
    {
        var socket = new Socket(Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(Address, 0));
        return socket;
    }
}

/// <summary>Keeps copies of everything a device says.</summary>
public sealed class RecordingSink : ICaptureSink
{
    private int _ticks;

    public ConcurrentQueue<Received> Datagrams { get; } = new();

    public ConcurrentQueue<DeviceEvent> Events { get; } = new();

    public int Ticks => Volatile.Read(ref _ticks);

    public ClockReading LastClock { get; private set; }

    public void OnBatch(in DatagramBatch batch)
    {
        foreach (ref readonly var datagram in batch.Datagrams)
        {
            Datagrams.Enqueue(new Received(
                datagram.LocalPort, datagram.Bytes.ToArray(), datagram.ArrivalNs, datagram.Source, datagram.Flags));
        }
    }

    public void OnEvent(in DeviceEvent deviceEvent)
    {
        if (deviceEvent.Kind == DeviceEventKind.Tick)
        {
            LastClock = deviceEvent.Clock;
            Interlocked.Increment(ref _ticks);
            return;
        }

        Events.Enqueue(deviceEvent);
    }

    public sealed record Received(
        ushort Port, byte[] Bytes, long ArrivalNs, SourceAddress Source, DatagramFlags Flags);
}
