using System.Buffers.Binary;
using Talreg.Media.Digits;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests.Digits;

public class TelephoneEventTests
{
    private const byte Type = 101;
    private const long Millisecond = 1_000_000;
    private const int UnitsPerMs = 8;

    private readonly List<StoredPacket> _packets = [];
    private ushort _sequence;

    [Theory]
    [InlineData(0, "0")]
    [InlineData(9, "9")]
    [InlineData(10, "*")]
    [InlineData(11, "#")]
    [InlineData(12, "A")]
    [InlineData(15, "D")]
    [InlineData(16, "flash")]
    public void Read_key_that_is_held_is_one_with_its_length(byte number, string symbol)
    {
        Press(number, startMs: 1000, heldMs: 100, ends: 3);
        Assert.Equal([new PressedKey(symbol, 1000 * Millisecond, TimeSpan.FromMilliseconds(100), true)], Read());
    }

    [Fact]
    public void Read_key_whose_end_is_lost_is_one_as_far_as_it_was_told()
    {
        Press(5, startMs: 1000, heldMs: 100, ends: 0);
        Press(6, startMs: 2000, heldMs: 60, ends: 1);
        Assert.Equal(
            [
                new PressedKey("5", 1000 * Millisecond, TimeSpan.FromMilliseconds(80), false),
                new PressedKey("6", 2000 * Millisecond, TimeSpan.FromMilliseconds(60), true),
            ],
            Read());
    }

    [Fact]
    public void Read_same_key_pressed_twice_is_two()
    {
        Press(7, startMs: 1000, heldMs: 60, ends: 3);
        Press(7, startMs: 1200, heldMs: 60, ends: 3);
        Assert.Equal(["7", "7"], Read().Select(key => key.Symbol));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_key_held_over_the_longest_duration_is_one(bool loses)
    {
        // 20 s: two segments of 65,535 units of 125 µs, then the rest; told every 50 ms.
        const int Held = 20_000 * UnitsPerMs;
        for (var units = 50 * UnitsPerMs; units <= Held; units += 50 * UnitsPerMs)
        {
            var segment = (units - 1) / ushort.MaxValue;
            if (!loses || units % ushort.MaxValue < 60_000)
            {
                Event(3, 1000, segment * ushort.MaxValue, units - (segment * ushort.MaxValue), units == Held);
            }
        }

        var key = Assert.Single(Read());
        Assert.Equal(("3", 1000 * Millisecond, true), (key.Symbol, key.StartNs, key.Ended));
        Assert.Equal(20_000, key.Duration.TotalMilliseconds);
    }

    [Fact]
    public void Read_late_and_repeated_packets_change_nothing()
    {
        Press(1, startMs: 1000, heldMs: 100, ends: 3);
        var expected = Read();
        _packets.AddRange([.. _packets]);
        _packets.Reverse();
        Assert.Equal(expected, Read());
    }

    [Fact]
    public void Read_audio_other_types_and_what_is_no_event_are_left_out()
    {
        _packets.AddRange(RtpPackets.Cut(RtpPackets.Filled(3, 0xD5)));
        Event(17, 1000, 0, 80, end: true);
        Add(Type, 0, [1, 2, 3]);
        Add(102, 0, [1, 0x80, 0, 80]);
        Assert.Empty(Read());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_261_124)]
    public void Read_random_events_stay_within_their_bounds(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var payload = new byte[random.Next(0, 8)];
            random.NextBytes(payload);
            Add(Type, (uint)random.Next(), payload);
        }

        Assert.InRange(Read().Count, 0, TelephoneEvents.MaxKeys);
    }

    private IReadOnlyList<PressedKey> Read() => TelephoneEvents.Read(RtpPackets.Stream(_packets) with
    {
        PayloadTypes = new Dictionary<byte, PayloadFormat> { [Type] = new("Telephone-Event", 8000) },
    });

    // Told every 20 ms while it is held, and its end so many times.
    private void Press(byte number, int startMs, int heldMs, int ends)
    {
        for (var ms = 20; ms < heldMs; ms += 20)
        {
            Event(number, startMs, 0, ms * UnitsPerMs, end: false);
        }

        for (var i = 0; i < ends; i++)
        {
            Event(number, startMs, 0, heldMs * UnitsPerMs, end: true);
        }
    }

    private void Event(byte number, int startMs, int segment, int units, bool end)
    {
        byte[] payload = [number, (byte)((end ? 0x80 : 0) | 10), (byte)(units >> 8), (byte)units];
        Add(
            Type, (uint)((startMs * UnitsPerMs) + segment), payload,
            (startMs * Millisecond) + ((long)(segment + units) * Millisecond / UnitsPerMs));
    }

    private void Add(byte type, uint timestamp, byte[] payload, long arrivalNs = 0)
    {
        var packet = RtpPackets.Make(arrivalNs, _sequence++, payload, type: type).Packet.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), timestamp);
        _packets.Add(new StoredPacket(arrivalNs, packet));
    }
}
