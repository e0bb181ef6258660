using Talreg.Evidence.Chunks;
using Talreg.TestKit;

namespace Talreg.Capture.Tests;

public sealed class CaptureEngineTests : IAsyncLifetime
{
    private const long Millisecond = 1_000_000;

    private readonly FakeDevice _device = new();
    private readonly MemoryJournal _journal = new();
    private CaptureEngine _engine = null!;
    private CaptureTake _take = null!;

    private ushort Port { get; set; }

    private StreamSnapshot Stream => _engine.Snapshot(_take).Streams[0];

    public async ValueTask InitializeAsync()
    {
        _journal.StartNs = _device.NowNs;
        _engine = new CaptureEngine(_device, _journal, TimeProvider.System);
        _take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
        Port = _take.Ports[0].Rtp;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Theory]
    [InlineData("1 2 3", 0, 0, 0)]
    [InlineData("1 2 5 6", 2, 0, 0)]
    [InlineData("65534 65535 0 1", 0, 0, 0)]
    [InlineData("65534 1", 2, 0, 0)]
    [InlineData("1 3 2 4", 0, 1, 0)]
    [InlineData("5 3 4 6", 0, 2, 0)]
    [InlineData("1 2 2 3 1", 0, 0, 2)]
    [InlineData("0 65535 1", 0, 1, 0)]
    [InlineData("1 20001 40001 60001 14465 1", 79995, 1, 0)]
    public async Task Receive_sequences_are_counted_as_a_verifier_counts_them(
        string sequences, long lost, long late, long duplicates)
    {
        foreach (var sequence in sequences.Split(' ').Select(int.Parse))
        {
            Send(Rtp.Packet(sequence));
        }

        var result = await _engine.CloseTakeAsync(_take, 1);
        var stream = result.Final.Streams[0];
        Assert.Equal(_journal.CountLost(0), stream.Lost);
        Assert.Equal((lost, late, duplicates), (stream.Lost, stream.Late, stream.Duplicates));
        Assert.Equal(lost, stream.Gaps.Sum(g => g.Packets));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261123)]
    public async Task Receive_random_disorder_lost_equals_what_is_missing_from_the_stored(int seed)
    {
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var sequence = random.Next(65536);
        for (var i = 0; i < 5000; i++)
        {
            sequence += random.Next(10) switch { 0 => 2 + random.Next(400), 1 => -random.Next(300), _ => 1 };
            Send(Rtp.Packet(sequence, (uint)random.Next(3)));
        }

        var stream = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal(_journal.CountLost(0), stream.Lost);
        Assert.Equal(5000, stream.Packets);
        Assert.True(stream.Gaps.Count <= 64);
    }

    [Fact]
    public async Task Receive_new_ssrc_begins_a_lineage_without_loss()
    {
        Send(Rtp.Packet(10));
        Send(Rtp.Packet(40000, 2));
        Send(Rtp.Packet(11));
        var stream = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((0L, 2L), (stream.Lost, stream.SsrcChanges));
    }

    [Fact]
    public async Task Receive_foreign_source_is_stored_flagged_and_takes_over_only_after_silence()
    {
        Send(Rtp.Packet(1));
        _device.Deliver(Port, Rtp.Packet(500), Rtp.Stranger);
        Assert.Equal((1L, 1L, 0L), (Stream.Packets, Stream.Foreign, Stream.Lost));
        _device.NowNs += 2001 * Millisecond;
        _device.Deliver(Port, Rtp.Packet(2), Rtp.Stranger);
        Assert.Equal((2L, 1L, 1L), (Stream.Packets, Stream.Foreign, Stream.SourceChanges));
        await _engine.CloseTakeAsync(_take, 1);
        Assert.Single(_journal.Packets, p => p.Flags == FrameFlags.Foreign);
    }

    [Fact]
    public async Task Receive_invalid_datagrams_are_counted_and_not_stored()
    {
        Send([]);
        Send(new byte[12]);
        Send(Rtp.Packet(1).AsSpan(0, 11));
        var extension = Rtp.Packet(1, payload: 4);
        extension[0] = 0x90;
        extension[15] = 9;
        Send(extension);
        _device.Deliver((ushort)(Port + 50), Rtp.Packet(1), Rtp.Caller);
        await _engine.CloseTakeAsync(_take, 1);
        Assert.Empty(_journal.Packets);
        Assert.Equal(4, Stream.Invalid);
        Assert.Equal((5L, 4L, 1L), (_engine.Totals.Received, _engine.Totals.Invalid, _engine.Totals.Unrouted));
    }

    [Fact]
    public async Task Receive_rtcp_on_either_port_is_stored_under_its_stream()
    {
        byte[] report = [0x80, 201, 0, 1, 0, 0, 0, 1];
        Send(report);
        _device.Deliver((ushort)(Port + 1), report, Rtp.Caller);
        await _engine.CloseTakeAsync(_take, 1);
        Assert.Equal(2, Stream.Rtcp);
        Assert.All(_journal.Packets, p => Assert.Equal(FrameFlags.Rtcp, p.Flags));
    }

    [Fact]
    public async Task Chunk_never_spans_a_slot_200_ms_or_16_KiB()
    {
        var start = _device.NowNs;
        for (var i = 0; i < 150; i++)
        {
            _device.NowNs = start + (i * 20 * Millisecond);
            Send(Rtp.Packet(i, payload: i < 75 ? 160 : 3000));
        }

        await _engine.CloseTakeAsync(_take, 1);
        Assert.Equal(150, _journal.Packets.Count());
        Assert.All(_journal.Chunks, c =>
        {
            Assert.InRange(c.Facts.LastArrivalNs - c.Facts.FirstArrivalNs, 0, 200 * Millisecond);
            Assert.InRange(c.Length, 1, ChunkHeader.MaxPlainText);
            Assert.Equal(c.Facts.Slot, (c.Facts.FirstArrivalNs - start) / (1000 * Millisecond));
            Assert.Equal(c.Facts.Slot, (c.Facts.LastArrivalNs - start) / (1000 * Millisecond));
        });
    }

    [Fact]
    public void Chunk_is_closed_by_time_without_a_further_packet()
    {
        Send(Rtp.Packet(1));
        _device.NowNs += 199 * Millisecond;
        _device.Tick();
        Assert.Empty(_journal.Chunks);
        _device.NowNs += 20 * Millisecond;
        _device.Tick();
        Assert.Equal(7u, Assert.Single(_journal.Chunks).Facts.MaxClockErrorUs);
    }

    [Fact]
    public async Task SetRecording_off_leaves_no_payload_and_declares_the_pause()
    {
        Send(Rtp.Packet(1));
        await _engine.SetRecordingAsync(_take, on: false);
        Assert.False(_take.Recording);
        _device.NowNs += 20 * Millisecond;
        Send(Rtp.Packet(2, fill: 0x5A));
        Send(Rtp.Packet(3, fill: 0x5A));
        await _engine.SetRecordingAsync(_take, on: true);
        _device.NowNs -= 1000 * Millisecond;
        Send(Rtp.Packet(4, fill: 0x5A));
        _device.NowNs += 60_000 * Millisecond;
        Send(Rtp.Packet(5));
        var stream = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.DoesNotContain(_journal.Packets, p => p.Bytes.Contains((byte)0x5A));
        Assert.Equal((2L, 3L, 3L, 3L), (stream.Packets, stream.Suppressed, stream.Lost, stream.LostWhilePaused));
        Assert.Equal(_journal.CountLost(0), stream.Lost);
        Assert.All(stream.Gaps, g => Assert.Equal(GapReason.Paused, g.Reason));
        Assert.Equal(3, stream.Gaps.Sum(g => g.Packets));
    }

    [Fact]
    public async Task Append_refused_packets_are_own_drops_and_stored_again_after()
    {
        Send(Rtp.Packet(1));
        _journal.Refuse = true;
        _device.NowNs += 300 * Millisecond;
        Send(Rtp.Packet(2));
        Send(Rtp.Packet(3));
        _journal.Refuse = false;
        Send(Rtp.Packet(4));
        var stream = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((2L, 2L, 2L), (stream.Packets, stream.OwnDrops, stream.Lost));
        Assert.Equal(GapReason.Overload, Assert.Single(stream.Gaps).Reason);
        var totals = _engine.Totals;
        Assert.Equal(totals.Received, totals.Stored + totals.OwnDrops);
    }

    [Fact]
    public void KernelDrops_explain_the_missing_numbers()
    {
        Send(Rtp.Packet(1));
        _device.Drop(Port, 2);
        Send(Rtp.Packet(5));
        Assert.Equal((3L, 2L, false), (Stream.Lost, Stream.KernelDrops, Stream.KernelDropsShared));
        Assert.Equal([(GapReason.Kernel, 2L), (GapReason.Network, 1L)], Stream.Gaps.Select(g => (g.Reason, g.Packets)));
    }

    [Fact]
    public async Task KernelDrops_of_a_shared_buffer_count_to_every_live_stream_and_are_flagged()
    {
        Send(Rtp.Packet(1));
        _device.Drop(0, 3);
        var (_, ports) = await _engine.AddStreamAsync(_take, Rtp.Plan with { Label = "2" });
        _device.Drop(0, 2);
        Send(Rtp.Packet(5));
        _device.Deliver(ports.Rtp, Rtp.Packet(9), Rtp.Caller);
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final;
        Assert.Equal([(5L, true), (2L, true)], final.Streams.Select(s => (s.KernelDrops, s.KernelDropsShared)));
        Assert.Equal(5, _engine.Totals.KernelDrops);
        Assert.Equal((GapReason.Kernel, 3L), (final.Streams[0].Gaps[0].Reason, final.Streams[0].Gaps[0].Packets));
        Assert.Empty(final.Streams[1].Gaps);
    }

    [Fact]
    public async Task AddStream_and_inactive_plan_keep_streams_apart()
    {
        var (index, ports) = await _engine.AddStreamAsync(_take, Rtp.Plan with { Label = "2", Recorded = false });
        Assert.Equal(1, index);
        _device.Deliver(ports.Rtp, Rtp.Packet(1), Rtp.Caller);
        await _engine.SetStreamAsync(_take, 1, Rtp.Plan with { Label = "2" });
        _device.NowNs += 60_000 * Millisecond;
        _device.Deliver(ports.Rtp, Rtp.Packet(2), Rtp.Caller);
        Send(Rtp.Packet(1));
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final;
        Assert.Equal((1L, 0L), (final.Streams[0].Packets, final.Streams[0].Suppressed));
        Assert.Equal((1L, 1L), (final.Streams[1].Packets, final.Streams[1].Suppressed));
        var closed = await Assert.ThrowsAsync<CaptureRefusedException>(
            async () => await _engine.CloseTakeAsync(_take, 1));
        Assert.Equal(CaptureRefusal.TakeClosed, closed.Refusal);
    }

    [Fact]
    public void Receive_after_warm_up_allocates_nothing()
    {
        _journal.Discard = true;
        var packet = Rtp.Packet(0);
        SendMany(packet, 2000);
        Assert.Equal(0, Allocations.Of(() => SendMany(packet, 10_000)));
    }

    private void SendMany(byte[] packet, int count)
    {
        for (var i = 0; i < count; i++)
        {
            packet[3]++;
            packet[2] += (byte)(packet[3] == 0 ? 1 : 0);
            _device.NowNs += 20 * Millisecond;
            Send(packet);
            _device.Tick();
        }
    }

    private void Send(ReadOnlySpan<byte> packet) => _device.Deliver(Port, packet, Rtp.Caller);
}
