using System.Globalization;
using Talreg.Capture.PreBuffer;
using Talreg.Evidence.Chunks;
using Talreg.TestKit;

namespace Talreg.Capture.Tests;

public sealed class PreBufferTests : IAsyncLifetime
{
    private const long Millisecond = 1_000_000;
    private const long Second = 1000 * Millisecond;

    private readonly FakeDevice _device = new();
    private readonly MemoryJournal _journal = new();
    private readonly PreBufferPool _pool = new(64 * PreBufferPool.BlockBytes);
    private CaptureEngine _engine = null!;
    private CaptureTake _take = null!;
    private int _sequence;

    private ushort Port { get; set; }

    private StreamSnapshot Stream => _engine.Snapshot(_take).Streams[0];

    public async ValueTask InitializeAsync()
    {
        _journal.StartNs = _device.NowNs;
        _engine = new CaptureEngine(_device, _journal, TimeProvider.System, _pool)
        {
            MonotonicNs = () => _device.NowNs,
        };
        _take = await OpenAsync();
        Port = _take.Ports[0].Rtp;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        Assert.Equal(0, _pool.BlocksInUse);
        _pool.Dispose();
    }

    [Fact]
    public async Task Start_stores_the_last_seconds_in_order_before_what_comes_after()
    {
        Send(750);
        await StartAsync();
        Send(50);
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];

        // 15 s were sent at 20 ms, 10 s are wanted: 500 packets, give or take the one on the edge, and the 50 live ones.
        var stored = _journal.Packets.Select(packet => Sequence(packet.Bytes)).ToList();
        Assert.InRange(stored.Count, 549, 551);
        Assert.Equal(Enumerable.Range(800 - stored.Count, stored.Count), stored);
        Assert.Equal((stored.Count, 0L, 0L), (final.Packets, final.Lost, final.Prebuffered));
        Assert.Equal(800, final.Packets + final.Suppressed);
        var gap = Assert.Single(final.Gaps);
        Assert.Equal((GapReason.Paused, final.Suppressed), (gap.Reason, gap.Packets));
        Assert.True(gap.To <= final.FirstAt, "The pause must end where the pre-buffer begins.");
    }

    [Fact]
    public async Task Start_chunks_hold_the_true_arrival_times_and_slots()
    {
        var startNs = _journal.StartNs;
        Send(400);
        await StartAsync();
        await _engine.CloseTakeAsync(_take, 1);
        Assert.All(_journal.Chunks, chunk =>
        {
            Assert.Equal(chunk.Facts.Slot, (chunk.Facts.FirstArrivalNs - startNs) / Second);
            Assert.Equal(chunk.Facts.Slot, (chunk.Facts.LastArrivalNs - startNs) / Second);
            Assert.InRange(chunk.Facts.LastArrivalNs - chunk.Facts.FirstArrivalNs, 0, 200 * Millisecond);
        });
        Assert.Equal(startNs + (20 * Millisecond), _journal.Chunks.First().Facts.FirstArrivalNs);
        Assert.Equal(startNs + (8 * Second), _journal.Chunks.Last().Facts.LastArrivalNs);
    }

    [Fact]
    public async Task Start_takes_in_a_bounded_number_a_sweep_and_live_packets_queue_behind()
    {
        var many = await OpenAsync(TimeSpan.FromSeconds(60));
        var port = many.Ports[0].Rtp;
        for (var i = 0; i < 2500; i++)
        {
            _device.NowNs += 20 * Millisecond;
            _device.Deliver(port, Rtp.Packet(i), Rtp.Caller);
        }

        _device.Tick();
        await _engine.SetRecordingAsync(many, on: true);
        var before = _journal.Packets.Count();
        _device.NowNs += 20 * Millisecond;
        _device.Tick();
        _device.Deliver(port, Rtp.Packet(2500), Rtp.Caller);
        var stream = _engine.Snapshot(many).Streams[0];
        Assert.InRange(stream.Packets - before, 1, 1024);
        Assert.Equal(2501, stream.Packets + stream.Prebuffered);
        for (var sweep = 0; sweep < 3; sweep++)
        {
            _device.NowNs += 20 * Millisecond;
            _device.Tick();
        }

        await _engine.CloseTakeAsync(many, 1);
        Assert.Equal(Enumerable.Range(0, 2501), _journal.Packets.Select(packet => Sequence(packet.Bytes)));
    }

    [Fact]
    public async Task Close_without_start_stores_nothing_and_zeroes_the_memory()
    {
        Send(100, fill: 0x5A);
        Assert.True(_pool.BlocksInUse > 0);
        Assert.True(Holds(0x5A));
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((100L, 0L, 0L), (final.Suppressed, final.Packets, final.Prebuffered));
        Assert.Empty(_journal.Chunks);
        Assert.Equal(0, _pool.BlocksInUse);
        Assert.False(Holds(0x5A));
    }

    [Fact]
    public async Task Pause_before_the_start_forgets_what_was_kept_for_good()
    {
        Send(100, fill: 0x5A);
        await _engine.SetRecordingAsync(_take, on: false);
        Send(100, fill: 0x5A);
        await StartAsync();
        Send(10);
        await _engine.CloseTakeAsync(_take, 1);
        Assert.Equal(10, _journal.Packets.Count());
        Assert.False(Holds(0x5A));
    }

    [Fact]
    public async Task Hold_of_a_stream_forgets_what_it_kept_and_keeps_nothing_of_it()
    {
        Send(50, fill: 0x5A);
        await _engine.SetStreamAsync(_take, 0, Rtp.Plan with { Recorded = false });
        Send(50, fill: 0x5A);
        await _engine.SetStreamAsync(_take, 0, Rtp.Plan);
        Send(50);
        await StartAsync();
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((50L, 100L), (final.Packets, final.Suppressed));
        Assert.DoesNotContain(_journal.Packets, packet => packet.Bytes[20] == 0x5A);
    }

    [Fact]
    public async Task Budget_used_up_keeps_the_latest_says_so_once_and_records_all_the_same()
    {
        var others = new List<CaptureTake>();
        while (_pool.BlocksInUse < _pool.Blocks - 1)
        {
            others.Add(await OpenAsync());
            _device.Deliver(others[^1].Ports[0].Rtp, Rtp.Packet(0), Rtp.Caller);
        }

        Send(500);
        Assert.True(Stream.PreBufferShort);
        Assert.Equal(1, _engine.Totals.PreBufferShort);
        Assert.InRange(Stream.Prebuffered, 1, 80);
        await StartAsync();
        Send(200);
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        var stored = _journal.Packets.Select(packet => Sequence(packet.Bytes)).ToList();
        Assert.Equal(Enumerable.Range(700 - stored.Count, stored.Count), stored);
        Assert.True(stored.Count > 200, "What was kept must be stored too.");
        Assert.Equal((0L, 700L), (final.OwnDrops, final.Packets + final.Suppressed));
        foreach (var other in others)
        {
            await _engine.CloseTakeAsync(other, 1);
        }
    }

    [Fact]
    public async Task Start_with_no_block_left_takes_kept_packets_in_at_once_and_loses_none()
    {
        Send(60);
        var rented = new List<int>();
        for (var block = _pool.Rent(); block >= 0; block = _pool.Rent())
        {
            rented.Add(block);
        }

        await StartAsync(tick: false);
        Send(200, tick: false);
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((260L, 0L, 0L), (final.Packets, final.OwnDrops, final.Lost));
        Assert.Equal(Enumerable.Range(0, 260), _journal.Packets.Select(packet => Sequence(packet.Bytes)));
        rented.ForEach(_pool.Return);
    }

    [Fact]
    public async Task Start_while_the_journal_refuses_keeps_the_packets_until_it_takes_them()
    {
        Send(100);
        _journal.Refuse = true;
        await StartAsync();
        Send(100);
        Assert.Equal(0, Stream.OwnDrops);
        _journal.Refuse = false;
        var final = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal((200L, 0L), (final.Packets, final.OwnDrops));
        Assert.Equal(Enumerable.Range(0, 200), _journal.Packets.Select(packet => Sequence(packet.Bytes)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261124)]
    public async Task Random_life_every_packet_received_is_in_exactly_one_count(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var takes = new List<CaptureTake> { _take };
        for (var step = 0; step < 4000; step++)
        {
            _device.NowNs += random.Next(40) * Millisecond;
            var take = takes[random.Next(takes.Count)];
            switch (random.Next(60))
            {
                case 0: takes.Add(await OpenAsync(TimeSpan.FromSeconds(random.Next(61)))); break;
                case 1: await _engine.SetRecordingAsync(take, random.Next(2) == 0); break;
                case 2 when takes.Count > 1:
                    takes.Remove(take);
                    await _engine.CloseTakeAsync(take, 1);
                    break;
                case 3: _journal.Refuse = random.Next(4) == 0; break;
                case 4: _device.Deliver(9, Rtp.Packet(1), Rtp.Caller); break;
                case 5: _device.Deliver(take.Ports[0].Rtp, new byte[5], Rtp.Caller); break;
                case 6: _device.Tick(); break;
                default:
                    _device.Deliver(take.Ports[0].Rtp, Rtp.Packet(step, payload: 160 + random.Next(2000)), Rtp.Caller);
                    break;
            }

            AssertSum();
        }

        _journal.Refuse = false;
        foreach (var take in takes)
        {
            await _engine.CloseTakeAsync(take, 1);
        }

        AssertSum();
        Assert.Equal(0, _engine.Totals.Prebuffered);
        Assert.Equal(_engine.Totals.Stored, _journal.Packets.Count());
    }

    [Fact]
    public void Keep_after_warm_up_allocates_nothing()
    {
        var packet = Rtp.Packet(0);
        SendSame(packet, 2000);
        Assert.Equal(0, Allocations.Of(() => SendSame(packet, 5000)));
        Assert.True(Stream.Prebuffered > 400);
    }

    [Fact]
    public void Memory_is_locked_and_kept_out_of_core_dumps_and_children()
    {
        using var pool = new PreBufferPool(32 * PreBufferPool.BlockBytes);
        var flags = VmFlags(pool);
        Assert.Contains("lo", flags);
        Assert.Contains("dd", flags);
        Assert.Contains("dc", flags);
    }

    [Fact]
    public void Memory_beyond_what_may_be_locked_is_refused_with_what_to_do()
    {
        // Half of the machine's memory is refused whoever asks, so that this test never locks it.
        var refused = Assert.Throws<PreBufferRefusedException>(() => new PreBufferPool(1L << 40));
        Assert.Contains("prebuffer-mib wants 1048576 MiB", refused.Message, StringComparison.Ordinal);
        Assert.Contains("lower prebuffer-mib", refused.Message, StringComparison.Ordinal);
    }

    // smaps gives, per mapping, a line of two-letter flags: lo locked, dd left out of dumps, dc not copied on fork (proc(5)).
    private static unsafe string[] VmFlags(PreBufferPool pool)
    {
        var address = ((nint)pool.Address(0)).ToString("x", CultureInfo.InvariantCulture);
        return File.ReadLines("/proc/self/smaps")
            .SkipWhile(line => !line.StartsWith(address + "-", StringComparison.Ordinal))
            .First(line => line.StartsWith("VmFlags:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static int Sequence(byte[] packet) => (packet[2] << 8) | packet[3];

    private unsafe bool Holds(byte fill)
    {
        var pattern = new byte[16];
        pattern.AsSpan().Fill(fill);
        return new ReadOnlySpan<byte>(_pool.Address(0), _pool.Blocks * PreBufferPool.BlockBytes).IndexOf(pattern) >= 0;
    }

    private ValueTask<CaptureTake> OpenAsync(TimeSpan? window = null) => _engine.OpenTakeAsync(
        Rtp.Identity(), default, [Rtp.Plan], recording: false, preBuffer: window ?? TimeSpan.FromSeconds(10));

    private async Task StartAsync(bool tick = true)
    {
        await _engine.SetRecordingAsync(_take, on: true);
        if (tick)
        {
            _device.Tick();
        }
    }

    private void AssertSum()
    {
        var t = _engine.Totals;
        Assert.Equal(
            t.Received, t.Stored + t.Suppressed + t.OwnDrops + t.Invalid + t.Unrouted + t.Prebuffered);
    }

    private void Send(int count, byte fill = 0xD5, bool tick = true)
    {
        for (var i = 0; i < count; i++)
        {
            _device.NowNs += 20 * Millisecond;
            _device.Deliver(Port, Rtp.Packet(_sequence++, fill: fill), Rtp.Caller);
            if (tick)
            {
                _device.Tick();
            }
        }
    }

    private void SendSame(byte[] packet, int count)
    {
        for (var i = 0; i < count; i++)
        {
            packet[3]++;
            packet[2] += (byte)(packet[3] == 0 ? 1 : 0);
            _device.NowNs += 20 * Millisecond;
            _device.Deliver(Port, packet, Rtp.Caller);
            _device.Tick();
        }
    }
}
