using Talreg.Capture.PreBuffer;
using Talreg.Capture.Taps;
using Talreg.TestKit;

namespace Talreg.Capture.Tests;

public sealed class TapTests : IAsyncLifetime
{
    private const long Millisecond = 1_000_000;

    private readonly FakeDevice _device = new();
    private readonly MemoryJournal _journal = new() { Discard = true };
    private readonly PreBufferPool _pool = new(64 * PreBufferPool.BlockBytes);
    private CaptureEngine _engine = null!;
    private CaptureTake _take = null!;
    private int _sequence;

    private ushort Port { get; set; }

    public async ValueTask InitializeAsync()
    {
        _journal.StartNs = _device.NowNs;
        _engine = new CaptureEngine(_device, _journal, TimeProvider.System, _pool)
        {
            MonotonicNs = () => _device.NowNs,
        };
        _take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
        Port = _take.Ports[0].Rtp;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _pool.Dispose();
    }

    [Fact]
    public async Task Tap_gives_what_is_stored_in_order_and_nothing_of_a_pause()
    {
        var tap = await _engine.OpenTapAsync(_take);
        Send(10);
        await _engine.SetRecordingAsync(_take, on: false);
        Send(10);
        await _engine.SetRecordingAsync(_take, on: true);
        Send(10);
        Assert.Equal(Enumerable.Range(0, 10).Concat(Enumerable.Range(20, 10)), Drain(tap));
        Assert.Equal(0, tap.Dropped);
    }

    [Fact]
    public async Task Tap_never_gives_what_a_pre_buffer_kept_nor_foreign_packets()
    {
        var take = await _engine.OpenTakeAsync(
            Rtp.Identity(), default, [Rtp.Plan], recording: false, preBuffer: TimeSpan.FromSeconds(10));
        var tap = await _engine.OpenTapAsync(take);
        var port = take.Ports[0].Rtp;
        Deliver(port, 0);
        await _engine.SetRecordingAsync(take, on: true);
        Deliver(port, 1);
        _device.Deliver(port, Rtp.Packet(2), Rtp.Stranger);
        Tick();
        Deliver(port, 3);
        Tick();
        Assert.Equal([1, 3], Drain(tap));
        Assert.Equal(3, _engine.Snapshot(take).Streams[0].Packets);
    }

    [Fact]
    public async Task Slow_listener_loses_the_newest_counted_and_the_take_loses_none()
    {
        var tap = await _engine.OpenTapAsync(_take);
        Send(1000);
        var heard = Drain(tap).ToList();
        Assert.Equal(Enumerable.Range(0, heard.Count), heard);
        Assert.Equal(1000, heard.Count + tap.Dropped);

        // A packet of 172 bytes takes 188 with its stream and time.
        Assert.Equal(CaptureTap.MaxWaitingBytes / 188, heard.Count);
        Assert.Equal((1, tap.Dropped), _engine.TapTotals);
        Send(5);
        Assert.Equal(Enumerable.Range(1000, 5), Drain(tap));
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((1005L, 0L, 0L), (final.Packets, final.Lost, final.OwnDrops));
    }

    [Fact]
    public async Task Tap_ends_with_its_take_and_gives_what_was_left()
    {
        var tap = await _engine.OpenTapAsync(_take);
        Send(3);
        await _engine.CloseTakeAsync(_take, 1);
        Assert.Equal(TapEnd.TakeEnded, tap.End);
        Assert.Equal([0, 1, 2], Drain(tap));
        Assert.False(tap.Drain((_, _, _) => Assert.Fail("Nothing may come any more.")));
        Assert.Equal((0, 0L), _engine.TapTotals);
        await _engine.CloseTapAsync(tap);
        Assert.Equal(0, _engine.TapTotals.Open);
    }

    [Fact]
    public async Task Taps_beyond_their_numbers_are_refused_by_name_and_closed_ones_make_room()
    {
        var taps = new List<CaptureTap>();
        for (var i = 0; i < CaptureEngine.MaxTapsPerTake; i++)
        {
            taps.Add(await _engine.OpenTapAsync(_take));
        }

        Assert.Equal(CaptureRefusal.TooManyTaps, await RefusalAsync(_take));
        await _engine.CloseTapAsync(taps[0]);
        taps[0] = await _engine.OpenTapAsync(_take);
        while (taps.Count < CaptureEngine.MaxTaps)
        {
            var take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
            taps.Add(await _engine.OpenTapAsync(take));
        }

        var other = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
        Assert.Equal(CaptureRefusal.TooManyTaps, await RefusalAsync(other));
        Assert.Equal(CaptureEngine.MaxTaps, _engine.TapTotals.Open);
        foreach (var tap in taps)
        {
            await _engine.CloseTapAsync(tap);
        }

        Assert.Equal(0, _engine.TapTotals.Open);
    }

    [Fact]
    public async Task Overload_ends_taps_and_refuses_new_ones_until_it_is_over()
    {
        var tap = await _engine.OpenTapAsync(_take);
        _engine.TapsStopped = true;
        Tick();
        Assert.Equal(TapEnd.Overload, tap.End);
        Assert.Equal(CaptureRefusal.TapsStopped, await RefusalAsync(_take));
        _engine.TapsStopped = false;
        await _engine.CloseTapAsync(await _engine.OpenTapAsync(_take));
        Assert.Equal(0, _engine.TapTotals.Open);
    }

    [Fact]
    public async Task Offer_to_a_stalled_and_to_a_listening_tap_allocates_nothing()
    {
        var stalled = await _engine.OpenTapAsync(_take);
        var listening = await _engine.OpenTapAsync(_take);
        var packet = Rtp.Packet(0);
        SendAndDrain(packet, listening, 3000);
        Assert.Equal(0, Allocations.Of(() => SendAndDrain(packet, listening, 5000)));
        Assert.True(stalled.Dropped > 0);
        Assert.Equal(0, listening.Dropped);
    }

    private static List<int> Drain(CaptureTap tap)
    {
        var sequences = new List<int>();
        tap.Drain((_, _, packet) => sequences.Add((packet[2] << 8) | packet[3]));
        return sequences;
    }

    private async Task<CaptureRefusal> RefusalAsync(CaptureTake take) =>
        (await Assert.ThrowsAsync<CaptureRefusedException>(async () => await _engine.OpenTapAsync(take))).Refusal;

    private void SendAndDrain(byte[] packet, CaptureTap tap, int count)
    {
        for (var i = 0; i < count; i++)
        {
            packet[3]++;
            packet[2] += (byte)(packet[3] == 0 ? 1 : 0);
            _device.NowNs += 20 * Millisecond;
            _device.Deliver(Port, packet, Rtp.Caller);
            _device.Tick();
            tap.Drain(static (_, _, _) => { });
        }
    }

    private void Send(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Deliver(Port, _sequence++);
            Tick();
        }
    }

    private void Deliver(ushort port, int sequence) => _device.Deliver(port, Rtp.Packet(sequence), Rtp.Caller);

    private void Tick()
    {
        _device.NowNs += 20 * Millisecond;
        _device.Tick();
    }
}
