using System.Buffers.Binary;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;

namespace Talreg.Capture.Tests.Abuse;

/// <summary>
/// Media that lies: the 32 named cases of group F. After each, a neighbour's call has lost nothing, every datagram is in exactly
/// one count, little was allocated, and the attempt shows in a count of the stream it was made on.
/// </summary>
public sealed class RtpAbuseTests : IAsyncLifetime
{
    private const long Millisecond = 1_000_000;
    private const long MaxAllocatedBytes = 1 << 20;
    private const long MaxAllocatedBytesEach = 64;
    private const int NeighbourBytes = 12 + 240;

    private readonly FakeDevice _device = new();
    private readonly MemoryJournal _journal = new();
    private CaptureEngine _engine = null!;
    private CaptureTake _take = null!;
    private CaptureTake _neighbour = null!;
    private int _neighbourSent;
    private long _allocated;
    private long _delivered;

    private ushort Port => _take.Ports[0].Rtp;

    private StreamSnapshot Stream => _engine.Snapshot(_take).Streams[0];

    public async ValueTask InitializeAsync()
    {
        _journal.StartNs = _device.NowNs;
        _engine = new CaptureEngine(_device, _journal, TimeProvider.System);
        _take = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
        _neighbour = await _engine.OpenTakeAsync(Rtp.Identity(), default, [Rtp.Plan]);
        _journal.Discard = true;
    }

    /// <summary>The oracle of every case.</summary>
    public async ValueTask DisposeAsync()
    {
        var totals = _engine.Totals;
        var stream = (await _engine.CloseTakeAsync(_neighbour, 1)).Final.Streams[0];
        await _engine.DisposeAsync();
        Assert.Equal((_neighbourSent, 0L, 0L), (stream.Packets, stream.Lost, stream.Foreign));
        Assert.Equal(
            totals.Received,
            totals.Stored + totals.Suppressed + totals.OwnDrops + totals.Invalid + totals.Unrouted);
        Assert.InRange(
            _journal.Discard ? _allocated : 0, 0, MaxAllocatedBytes + (_delivered * MaxAllocatedBytesEach));
    }

    [Fact]
    public void F01_injection_from_another_address_is_foreign()
    {
        Send(1);
        Inject(Rtp.Packet(500, ssrc: 9), Rtp.Stranger);
        Send(2);
        Assert.Equal((2L, 1L, 0L), (Stream.Packets, Stream.Foreign, Stream.Lost));
    }

    [Fact]
    public void F02_injection_with_the_next_number_of_the_caller_does_not_take_its_place()
    {
        Send(1);
        Inject(Rtp.Packet(2), Rtp.Stranger);
        Send(2);
        Assert.Equal((2L, 1L, 0L, 0L), (Stream.Packets, Stream.Foreign, Stream.Lost, Stream.Duplicates));
    }

    [Fact]
    public void F03_injection_from_another_port_of_the_callers_address_is_foreign()
    {
        Send(1);
        Inject(Rtp.Packet(2), SourceAddress.FromIPv4(0x7F000001, 5006));
        Assert.Equal((1L, 1L), (Stream.Packets, Stream.Foreign));
    }

    [Fact]
    public void F04_injection_before_the_callers_first_packet_loses_nothing_of_the_caller()
    {
        Inject(Rtp.Packet(900, ssrc: 9), Rtp.Stranger);
        Send(1);
        _device.NowNs += 2_001 * Millisecond;
        Send(2);
        Assert.Equal((2L, 1L, 1L), (Stream.Packets, Stream.Foreign, Stream.SourceChanges));
    }

    [Fact]
    public void F05_hijack_by_a_late_source_while_the_caller_speaks_is_foreign()
    {
        for (var i = 1; i <= 100; i++)
        {
            _device.NowNs += 20 * Millisecond;
            Send(i);
            Inject(Rtp.Packet(30_000 + i, ssrc: 9), Rtp.Stranger);
        }

        Assert.Equal((100L, 100L, 0L), (Stream.Packets, Stream.Foreign, Stream.SourceChanges));
    }

    [Fact]
    public void F06_source_that_comes_after_two_seconds_of_silence_is_a_counted_change()
    {
        Send(1);
        _device.NowNs += 1_999 * Millisecond;
        Inject(Rtp.Packet(2), Rtp.Stranger);
        Assert.Equal((1L, 0L), (Stream.Foreign, Stream.SourceChanges));
        _device.NowNs += 2 * Millisecond;
        Inject(Rtp.Packet(3), Rtp.Stranger);
        Assert.Equal((1L, 1L), (Stream.Foreign, Stream.SourceChanges));
    }

    [Fact]
    public async Task F07_caller_who_comes_back_after_a_takeover_is_stored_all_the_same()
    {
        _journal.Discard = false;
        Send(1);
        _device.NowNs += 2_001 * Millisecond;
        Inject(Rtp.Packet(700, ssrc: 9), Rtp.Stranger);
        Send(2);
        Send(3);
        Assert.Equal((2L, 2L, 1L), (Stream.Packets, Stream.Foreign, Stream.SourceChanges));
        await StoredAsync(4);
    }

    [Fact]
    public void F08_flood_of_a_stranger_costs_the_caller_nothing()
    {
        Send(1);
        for (var i = 0; i < 10_000; i++)
        {
            Inject(Rtp.Packet(i, ssrc: (uint)i), Rtp.Stranger);
        }

        Send(2);
        Assert.Equal((2L, 10_000L, 0L), (Stream.Packets, Stream.Foreign, Stream.Lost));
    }

    [Fact]
    public void F09_collision_of_ssrcs_leaves_the_callers_numbers_alone()
    {
        Send(1);
        Inject(Rtp.Packet(20_000), Rtp.Stranger);
        Send(2);
        Inject(Rtp.Packet(1), Rtp.Stranger);
        Send(3);
        Assert.Equal((3L, 2L, 0L, 0L), (Stream.Packets, Stream.Foreign, Stream.Lost, Stream.Late));
    }

    [Fact]
    public void F10_change_of_ssrc_begins_a_lineage_without_loss()
    {
        Send(10);
        Send(40_000, ssrc: 2);
        Assert.Equal((2L, 0L, 1L), (Stream.Packets, Stream.Lost, Stream.SsrcChanges));
    }

    [Fact]
    public async Task F11_hundred_ssrcs_of_one_source_are_followed_up_to_sixteen_and_all_stored()
    {
        _journal.Discard = false;
        for (var i = 0u; i < 100; i++)
        {
            Send(1, ssrc: i);
        }

        Assert.Equal((16L, 84L, 0L), (Stream.Packets, Stream.Foreign, Stream.Lost));
        await StoredAsync(100);
    }

    [Fact]
    public void F12_ssrc_that_changes_and_comes_back_goes_on_with_its_numbers()
    {
        Send(10);
        Send(500, ssrc: 2);
        Send(11);
        Assert.Equal((0L, 2L), (Stream.Lost, Stream.SsrcChanges));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    public void F13_ssrc_at_either_end_is_one_as_any_other(uint ssrc)
    {
        Send(1, ssrc);
        Send(2, ssrc);
        Assert.Equal((2L, 0L, 0L), (Stream.Packets, Stream.Lost, Stream.SsrcChanges));
    }

    [Fact]
    public void F14_wrap_is_no_loss()
    {
        Send(65_534);
        Send(65_535);
        Send(65_536);
        Send(65_537);
        Assert.Equal((4L, 0L, 0L), (Stream.Packets, Stream.Lost, Stream.Late));
    }

    [Fact]
    public void F15_wrap_thrice_with_a_packet_missing_at_each_counts_three()
    {
        for (var i = 0; i < 4 * 65_536; i++)
        {
            if (i == 0 || i % 65_536 != 0)
            {
                Deliver(Rtp.Packet(i, payload: 1), Rtp.Caller);
            }
        }

        Assert.Equal(3, Stream.Lost);
        Assert.Equal(3, Stream.Gaps.Sum(gap => gap.Packets));
    }

    [Theory]
    [InlineData(1_000, 999)]
    [InlineData(32_767, 32_766)]
    public void F16_and_F17_jump_ahead_of_less_than_half_a_turn_is_loss_of_so_many(int ahead, long lost)
    {
        Send(100);
        Send(100 + ahead);
        Assert.Equal((lost, lost), (Stream.Lost, Stream.Gaps.Sum(gap => gap.Packets)));
    }

    [Fact]
    public void F18_jump_of_half_a_turn_is_one_backwards()
    {
        Send(40_000);
        Send(40_000 + 32_768);
        Assert.Equal((2L, 1L), (Stream.Packets, Stream.Late));
    }

    [Fact]
    public void F19_jump_back_is_late_or_was_there_before()
    {
        Send(100);
        Send(101);
        Send(50);
        Send(100);
        Assert.Equal((4L, 1L, 1L, 49L), (Stream.Packets, Stream.Late, Stream.Duplicates, Stream.Lost));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(20261124)]
    public async Task F20_jumps_at_random_keep_the_list_of_gaps_bounded_and_the_loss_exact(int seed)
    {
        _journal.Discard = false;
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        for (var i = 0; i < 3_000; i++)
        {
            Send(random.Next(65_536));
        }

        Assert.InRange(Stream.Gaps.Count, 0, 64);
        var stream = (await _engine.CloseTakeAsync(_take, 1)).Final.Streams[0];
        Assert.Equal(_journal.CountLost(0), stream.Lost);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(100, 99)]
    public void F21_and_F22_reordering_within_any_distance_is_late_and_no_loss(int distance, long late)
    {
        Send(1_000);
        for (var i = distance; i >= 1; i--)
        {
            Send(1_000 + i);
        }

        Assert.Equal((0L, late), (Stream.Lost, Stream.Late));
        Assert.Empty(Stream.Gaps);
    }

    [Fact]
    public void F23_every_packet_three_times_is_counted_and_no_loss()
    {
        for (var i = 1; i <= 50; i++)
        {
            Send(i);
            Send(i);
            Send(i);
        }

        Assert.Equal((150L, 100L, 0L), (Stream.Packets, Stream.Duplicates, Stream.Lost));
    }

    [Fact]
    public async Task F24_duplicate_with_other_words_replaces_nothing()
    {
        _journal.Discard = false;
        Send(1);
        Deliver(Rtp.Packet(1, fill: 0x11), Rtp.Caller);
        Assert.Equal(1, Stream.Duplicates);
        var stored = await StoredAsync(2);
        Assert.Equal(0xD5, stored[0][12]);
        Assert.Equal(0x11, stored[1][12]);
    }

    [Fact]
    public void F25_contributing_sources_beyond_the_packet_are_invalid()
    {
        var packet = Rtp.Packet(1, payload: 59);
        packet[0] |= 15;
        AssertInvalid(packet);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(65_535)]
    public void F26_extension_beyond_the_packet_is_invalid(int words)
    {
        var packet = Rtp.Packet(1);
        packet[0] |= 0x10;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(14), (ushort)words);
        AssertInvalid(packet);
    }

    [Fact]
    public async Task F27_padding_beyond_the_packet_is_stored_as_it_came()
    {
        _journal.Discard = false;
        // Under SRTP the padding's length is encrypted, so capture believes none of it; who decodes checks it.
        var packet = Rtp.Packet(1);
        packet[0] |= 0x20;
        packet[^1] = 255;
        Deliver(packet, Rtp.Caller);
        Assert.Equal(packet, Assert.Single(await StoredAsync(1)));
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x40)]
    [InlineData(0xC0)]
    public void F28_other_versions_are_invalid(byte first)
    {
        var packet = Rtp.Packet(1);
        packet[0] = first;
        AssertInvalid(packet);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(11)]
    public void F29_packet_shorter_than_its_header_is_invalid(int length) =>
        AssertInvalid(Rtp.Packet(1).AsSpan(0, length).ToArray());

    [Fact]
    public void F30_timestamps_that_lie_move_neither_numbers_nor_times()
    {
        uint[] lies = [0, uint.MaxValue, 0x8000_0000, 0x7FFF_FFFF, 1, 1, 1, 0xDEAD_BEEF];
        for (var i = 0; i < 80; i++)
        {
            _device.NowNs += 20 * Millisecond;
            var packet = Rtp.Packet(i);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), lies[i % lies.Length]);
            Deliver(packet, Rtp.Caller);
        }

        Assert.Equal((80L, 0L), (Stream.Packets, Stream.Lost));
        Assert.Equal(TimeSpan.FromMilliseconds(79 * 20), Stream.LastAt - Stream.FirstAt);
        Assert.InRange(Stream.Quality!.Jitter, TimeSpan.Zero, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task F31_switch_to_codecs_nobody_offered_is_stored()
    {
        _journal.Discard = false;
        for (var type = 0; type < 128; type++)
        {
            if (type is < 64 or > 95)
            {
                var packet = Rtp.Packet(type + 1);
                packet[1] = (byte)type;
                Deliver(packet, Rtp.Caller);
            }
        }

        await StoredAsync(96);
        Assert.Equal(0, Stream.Foreign);
    }

    [Fact]
    public async Task F32_packets_that_come_after_the_bye_are_of_no_call()
    {
        Send(1);
        var port = Port;
        var done = await _engine.CloseTakeAsync(_take, 1);
        for (var i = 2; i <= 100; i++)
        {
            _device.Deliver(port, Rtp.Packet(i), Rtp.Caller);
            Speak();
        }

        Assert.Equal(1, done.Final.Streams[0].Packets);
        Assert.Equal(99, _engine.Totals.Unrouted);
    }

    private void AssertInvalid(byte[] packet)
    {
        Send(1);
        Deliver(packet, Rtp.Caller);
        Send(2);
        Assert.Equal((2L, 1L, 0L), (Stream.Packets, Stream.Invalid, Stream.Lost));
    }

    private async Task<IReadOnlyList<byte[]>> StoredAsync(int count)
    {
        await _engine.CloseTakeAsync(_take, 1);
        var mine = _journal.Chunks.SelectMany(chunk => chunk.Packets).Select(packet => packet.Bytes)
            .Where(bytes => bytes.Length < NeighbourBytes).ToList();
        Assert.Equal(count, mine.Count);
        return mine;
    }

    private void Send(int sequence, uint ssrc = 1) => Deliver(Rtp.Packet(sequence, ssrc), Rtp.Caller);

    private void Inject(byte[] packet, SourceAddress source) => Deliver(packet, source);

    private void Deliver(byte[] packet, SourceAddress source)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        _device.Deliver(Port, packet, source);
        _delivered++;
        _allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        Speak();
    }

    private void Speak() => _device.Deliver(
        _neighbour.Ports[0].Rtp, Rtp.Packet(_neighbourSent++, ssrc: 77, payload: 240), Rtp.Caller);
}
