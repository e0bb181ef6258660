using System.Net;
using System.Net.Sockets;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.TestKit;

namespace Talreg.Capture.Tests;

public sealed class LoopbackTests
{
    [Theory]
    // Not among the ports that other test programs' peers announce: reports are sent there.
    [InlineData("127.0.0.1", 30_200)]
    [InlineData("::1", 26000)]
    public async Task Receive_200_takes_of_two_streams_lose_nothing(string address, int low)
    {
        const int Takes = 200;
        const int Rounds = 150;
        var cancel = TestContext.Current.CancellationToken;
        var ip = IPAddress.Parse(address);
        var journal = new MemoryJournal();
        await using var engine = new CaptureEngine(
            new UdpDevice(new UdpDeviceOptions
            {
                Address = ip, Ports = new PortRange { Low = (ushort)low, High = (ushort)(low + 1799) },
            }),
            journal,
            TimeProvider.System);
        journal.StartNs = CaptureEngine.ReadClock().MonotonicNs;
        var takes = new List<CaptureTake>();
        for (var i = 0; i < Takes; i++)
        {
            takes.Add(await engine.OpenTakeAsync(
                Rtp.Identity(), default, [Rtp.Plan, Rtp.Plan], cancellationToken: cancel));
        }

        using var sender = new Socket(ip.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        sender.Bind(new IPEndPoint(ip, 0));
        var targets = takes.SelectMany(t => t.Ports).Select(p => new IPEndPoint(ip, p.Rtp)).ToArray();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var round = 0; round < Rounds; round++)
        {
            var packet = Rtp.Packet(65500 + round);
            foreach (var target in targets)
            {
                sender.SendTo(packet, target);
            }

            await pace.WaitForNextTickAsync(cancel);
        }

        var offered = (long)targets.Length * Rounds;
        await Wait.UntilAsync(() => engine.Totals.Received + engine.Totals.KernelDrops == offered, "all packets");
        foreach (var take in takes)
        {
            var final = (await engine.CloseTakeAsync(take, 1, cancel)).Final;
            Assert.All(final.Streams, s => Assert.Equal((Rounds, 0L, 0L), ((int)s.Packets, s.Lost, s.Foreign)));
        }

        var totals = engine.Totals;
        Assert.Equal(offered, totals.Stored + totals.KernelDrops + totals.OwnDrops);
        Assert.Equal(offered, journal.Packets.LongCount());
    }

    [Fact]
    public async Task OpenTake_range_exhausted_is_refused_and_ports_come_back_after_the_cool_down()
    {
        var journal = new MemoryJournal();
        await using var engine = new CaptureEngine(
            new UdpDevice(new UdpDeviceOptions
            {
                Address = IPAddress.Loopback,
                Ports = new PortRange { Low = 29000, High = 29001, CoolDown = TimeSpan.FromMilliseconds(200) },
            }),
            journal,
            TimeProvider.System);
        var take = await engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
        await AssertExhaustedAsync(engine);
        await engine.CloseTakeAsync(take, 1);
        await AssertExhaustedAsync(engine);
        CaptureTake? again = null;
        await Wait.UntilAsync(async () => (again = await TryOpenAsync(engine)) is not null, "the pair to cool down");
        Assert.Equal(29000, again!.Ports[0].Rtp);
    }

    private static async Task AssertExhaustedAsync(CaptureEngine engine)
    {
        var refused = await Assert.ThrowsAsync<CaptureRefusedException>(
            async () => await engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]));
        Assert.Equal(CaptureRefusal.PortsExhausted, refused.Refusal);
    }

    private static async Task<CaptureTake?> TryOpenAsync(CaptureEngine engine)
    {
        try
        {
            return await engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
        }
        catch (CaptureRefusedException refused) when (refused.Refusal == CaptureRefusal.PortsExhausted)
        {
            return null;
        }
    }
}
