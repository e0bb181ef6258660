using Talreg.Capture.Srtp;
using Talreg.Capture.Tests.Srtp;

namespace Talreg.Capture.Tests;

/// <summary>SRTP and telephone events through the engine: what is stored, and what is counted.</summary>
public sealed class ProtectedStreamTests : IAsyncLifetime
{
    private const int EventType = 101;

    private readonly FakeDevice _device = new();
    private readonly MemoryJournal _journal = new();
    private readonly SrtpSender _sender = new(SrtpSuite.AesCm128Tag80, 1);
    private CaptureEngine _engine = null!;
    private CaptureTake _take = null!;

    private StreamPlan Plan => Rtp.Plan with { Crypto = _sender.Keys, TelephoneEvents = [EventType] };

    private StreamSnapshot Stream => _engine.Snapshot(_take).Streams[0];

    public async ValueTask InitializeAsync()
    {
        _journal.StartNs = _device.NowNs;
        _engine = new CaptureEngine(_device, _journal, TimeProvider.System);
        _take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Plan]);
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task Receive_authentic_packets_are_stored_in_clear()
    {
        for (var i = 1; i <= 10; i++)
        {
            Send(_sender.Rtp(Rtp.Packet(i)));
        }

        byte[] report = [0x80, 200, 0, 6, 0, 0, 0, 1, .. new byte[20]];
        Send(_sender.Rtcp(report, 1));
        var stream = await CloseAsync();
        Assert.Equal((10, 1, 0, 0), (stream.Packets, stream.Rtcp, stream.Lost, stream.Unauthenticated));
        Assert.Equal(
            Enumerable.Range(1, 10).Select(i => Rtp.Packet(i)).Append(report), _journal.Packets.Select(p => p.Bytes));
    }

    [Fact]
    public async Task Receive_what_is_not_authentic_is_counted_and_neither_stored_nor_believed()
    {
        // From elsewhere, in clear and forged, before the sender's first packet: it must not become the stream's source.
        Send(Rtp.Packet(5), Rtp.Stranger);
        Send([.. Rtp.Packet(6), .. new byte[10]], Rtp.Stranger);
        Assert.Equal(0, Stream.LastPacketNs);
        var packet = _sender.Rtp(Rtp.Packet(1));
        Send(packet);
        Send(packet);
        var stream = await CloseAsync();
        Assert.Equal((1, 2, 1), (stream.Packets, stream.Unauthenticated, stream.Replayed));
        Assert.Equal((0, 0, 0), (stream.Foreign, stream.Duplicates, stream.Invalid));
        Assert.Equal(Rtp.Packet(1), Assert.Single(_journal.Packets).Bytes);
        var totals = _engine.Totals;
        Assert.Equal(4, totals.Received);
        Assert.Equal(
            totals.Received,
            totals.Stored + totals.Suppressed + totals.OwnDrops + totals.Invalid + totals.Unrouted);
    }

    [Fact]
    public async Task Set_stream_with_other_keys_changes_the_key_without_a_gap()
    {
        var next = new SrtpSender(SrtpSuite.AesGcm256, 2);
        Send(_sender.Rtp(Rtp.Packet(1)));
        await _engine.SetStreamAsync(_take, 0, Plan with { Crypto = next.Keys });
        Send(_sender.Rtp(Rtp.Packet(2)));
        Send(next.Rtp(Rtp.Packet(4)));
        Send(_sender.Rtp(Rtp.Packet(3)));
        Send(next.Rtp(Rtp.Packet(5)));
        var stream = await CloseAsync();
        Assert.Equal((5, 0, 0), (stream.Packets, stream.Lost, stream.Unauthenticated));
    }

    [Fact]
    public async Task Receive_while_paused_keeps_the_rollover()
    {
        Send(_sender.Rtp(Rtp.Packet(65_000)));
        await _engine.SetRecordingAsync(_take, false);
        Later();
        for (var i = 65_001; i < 65_536 + 40_000; i += 100)
        {
            Send(_sender.Rtp(Rtp.Packet(i), (uint)(i >> 16)));
        }

        await _engine.SetRecordingAsync(_take, true);
        Later();
        Send(_sender.Rtp(Rtp.Packet(40_001), 1));
        var stream = await CloseAsync();
        Assert.Equal((2, 0), (stream.Packets, stream.Unauthenticated));
    }

    [Fact]
    public async Task Set_digits_off_events_are_suppressed_and_no_loss_to_anyone()
    {
        Send(_sender.Rtp(Rtp.Packet(1)));
        Send(_sender.Rtp(Digit(2)));
        await _engine.SetDigitsAsync(_take, stored: false);
        Assert.False(_take.DigitsStored);
        for (var i = 3; i < 10; i++)
        {
            Send(_sender.Rtp(Digit(i)));
        }

        Send(_sender.Rtp(Rtp.Packet(10)));
        await _engine.SetDigitsAsync(_take, stored: true);
        Send(_sender.Rtp(Digit(11)));
        var stream = await CloseAsync();
        Assert.Equal((4, 7, 7), (stream.Packets, stream.DigitsSuppressed, stream.Suppressed));
        Assert.Equal((7, 7), (stream.Lost, stream.LostWhilePaused));
        Assert.All(stream.Gaps, gap => Assert.Equal(GapReason.Paused, gap.Reason));
        Assert.Equal([1, 2, 10, 11], _journal.Packets.Select(p => (int)p.Bytes[3]));
    }

    [Fact]
    public async Task Set_digits_off_holds_for_a_stream_that_joins_later()
    {
        await _engine.SetDigitsAsync(_take, stored: false);
        var (index, ports) = await _engine.AddStreamAsync(_take, Rtp.Plan with { TelephoneEvents = [EventType] });
        _device.Deliver(ports.Rtp, Digit(1), Rtp.Caller);
        var joined = _engine.Snapshot(_take).Streams[index];
        Assert.Equal((0, 1), (joined.Packets, joined.DigitsSuppressed));
        await CloseAsync();
    }

    [Fact]
    public async Task Open_take_without_digits_stores_none_of_any_source_and_none_within_redundant_packets()
    {
        const int RedundantType = 96;
        var plan = Rtp.Plan with { TelephoneEvents = [EventType], Redundant = [RedundantType] };
        var take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [plan], digitsStored: false);
        var port = take.Ports[0].Rtp;
        byte[] Redundant(int sequence, params byte[] payload)
        {
            var packet = Rtp.Packet(sequence, payload: payload.Length);
            packet[1] = RedundantType;
            payload.CopyTo(packet, 12);
            return packet;
        }

        _device.Deliver(port, Rtp.Packet(1), Rtp.Caller);
        _device.Deliver(port, Digit(2), Rtp.Caller);
        _device.Deliver(port, Digit(3), Rtp.Stranger);
        _device.Deliver(port, Redundant(4, 0x80 | EventType, 0, 0, 4, 8, 1, 2, 3, 4, 0xD5), Rtp.Caller);
        _device.Deliver(port, Redundant(5, 0x80 | 8, 0, 0, 1, EventType, 0xD5, 1, 2, 3, 4), Rtp.Caller);
        _device.Deliver(port, Redundant(6, 0x80 | 8, 0, 0), Rtp.Caller);
        _device.Deliver(port, Redundant(7, 0x80 | 8, 0, 0, 1, 8, 0xD5, 0xD5), Rtp.Caller);
        var stream = (await _engine.CloseTakeAsync(take, 1)).Final.Streams[0];
        Assert.Equal((2, 5, 0), (stream.Packets, stream.DigitsSuppressed, stream.Foreign));
        Assert.Equal((5, 4), (stream.Lost, stream.LostWhilePaused));
        Assert.Equal([1, 7], _journal.Packets.Select(p => (int)p.Bytes[3]));
    }

    private static byte[] Digit(int sequence)
    {
        var packet = Rtp.Packet(sequence, payload: 4);
        packet[1] = EventType;
        return packet;
    }

    private void Send(byte[] packet, Hardware.SourceAddress? source = null) =>
        _device.Deliver(_take.Ports[0].Rtp, packet, source ?? Rtp.Caller);

    // What the recorder switched by its own clock: packets after that come later.
    private void Later() => _device.NowNs = Hardware.Clock.MachineClock.MonotonicNs();

    private async Task<StreamSnapshot> CloseAsync() => (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
}
