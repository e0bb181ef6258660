using System.Net;
using System.Net.Sockets;
using Talreg.Capture.PreBuffer;
using Talreg.Capture.Taps;
using Talreg.Hardware.Ports;
using Talreg.Hardware.Udp;
using Talreg.TestKit;

namespace Talreg.Capture.Tests;

/// <summary>Listeners that stall, and pre-buffers that come and go, beside calls that must not notice.</summary>
public sealed class NeighbourTests
{
    private const int Calls = 50;
    private const int Taps = 10;
    private const int OnDemand = 10;
    private const int Rounds = 250;

    [Fact]
    public async Task Fifty_calls_lose_nothing_while_taps_stall_and_pre_buffers_start_and_stop()
    {
        var cancel = TestContext.Current.CancellationToken;
        var journal = new MemoryJournal();
        using var pool = new PreBufferPool(100 * PreBufferPool.BlockBytes);
        await using var engine = new CaptureEngine(
            new UdpDevice(new UdpDeviceOptions
            {
                Address = IPAddress.Loopback, Ports = new PortRange { Low = 23600, High = 24399 },
            }),
            journal,
            TimeProvider.System,
            pool);
        journal.StartNs = CaptureEngine.ReadClock().MonotonicNs;
        var live = await OpenAsync(engine, Calls, recording: true, cancel);
        var demanded = await OpenAsync(engine, OnDemand, recording: false, cancel);
        var targets = live.Concat(demanded).SelectMany(take => take.Ports)
            .Select(pair => new IPEndPoint(IPAddress.Loopback, pair.Rtp)).ToArray();
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var stalled = new List<CaptureTap>();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var round = 0; round < Rounds; round++)
        {
            var packet = Rtp.Packet(65_400 + round);
            foreach (var target in targets)
            {
                sender.SendTo(packet, target);
            }

            await DisturbAsync(engine, live, demanded, stalled, round, cancel);
            await pace.WaitForNextTickAsync(cancel);
        }

        var offered = (long)targets.Length * Rounds;
        await Wait.UntilAsync(
            () => engine.Totals.Received + engine.Totals.KernelDrops == offered, "all packets",
            cancellationToken: cancel);
        Assert.Equal(0, engine.Totals.KernelDrops);
        Assert.True(stalled.Sum(tap => tap.Dropped) > 0, "No tap was ever full: the test disturbs nobody.");
        await AssertNothingLostAsync(engine, live, demanded, cancel);
        var totals = engine.Totals;
        Assert.Equal(
            totals.Received,
            totals.Stored + totals.Suppressed + totals.OwnDrops + totals.Invalid + totals.Unrouted
                + totals.Prebuffered);
        Assert.Equal(totals.Stored, journal.Packets.LongCount());
        Assert.Equal(0, pool.BlocksInUse);
    }

    private static async Task<List<CaptureTake>> OpenAsync(
        CaptureEngine engine, int count, bool recording, CancellationToken cancel)
    {
        var takes = new List<CaptureTake>();
        for (var i = 0; i < count; i++)
        {
            takes.Add(await engine.OpenTakeAsync(
                Rtp.Identity(), default, [Rtp.Plan, Rtp.Plan], recording, preBuffer: TimeSpan.FromSeconds(2),
                cancellationToken: cancel));
        }

        return takes;
    }

    // Ten taps that nobody reads open in the first rounds and close near the end; in between an on-demand call starts now and
    // then, and every other one of them is paused again.
    private static async Task DisturbAsync(
        CaptureEngine engine,
        List<CaptureTake> live,
        List<CaptureTake> demanded,
        List<CaptureTap> stalled,
        int round,
        CancellationToken cancel)
    {
        if (round < Taps)
        {
            stalled.Add(await engine.OpenTapAsync(live[round], cancel));
        }
        else if (round >= 100 && round < 100 + OnDemand)
        {
            await engine.SetRecordingAsync(demanded[round - 100], on: true, cancel);
        }
        else if (round >= 150 && round < 150 + OnDemand && round % 2 == 0)
        {
            await engine.SetRecordingAsync(demanded[round - 150], on: false, cancel);
        }
        else if (round >= Rounds - Taps)
        {
            await engine.CloseTapAsync(stalled[Rounds - 1 - round]);
        }
    }

    private static async Task AssertNothingLostAsync(
        CaptureEngine engine, List<CaptureTake> live, List<CaptureTake> demanded, CancellationToken cancel)
    {
        foreach (var take in live)
        {
            var final = (await engine.CloseTakeAsync(take, 1, cancel)).Final;
            Assert.All(final.Streams, stream => Assert.Equal(
                (Rounds, 0L, 0L), ((int)stream.Packets, stream.Lost, stream.OwnDrops)));
        }

        foreach (var take in demanded)
        {
            var final = (await engine.CloseTakeAsync(take, 1, cancel)).Final;
            Assert.All(final.Streams, stream =>
            {
                Assert.False(stream.PreBufferShort);
                Assert.Equal((0L, stream.LostWhilePaused), (stream.OwnDrops, stream.Lost));
                Assert.Equal(Rounds, stream.Packets + stream.Suppressed);
                Assert.True(stream.Packets > 100, "The two seconds before the start must be in the take.");
            });
        }
    }
}
