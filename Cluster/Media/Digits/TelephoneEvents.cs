using System.Buffers.Binary;
using Talreg.Media.Rtp;
using Talreg.Media.Timeline;

namespace Talreg.Media.Digits;

/// <summary>
/// Reads keys out of a stream's telephone events (RFC 4733 §2.3). All packets of an event have the timestamp of its
/// beginning; the last comes three times, and may be lost three times.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |     event     |E|R| volume    |          duration             |
/// </code>
/// A key held longer than the duration can say goes on in another segment, whose timestamp is where the one before
/// ended (§2.5.1.3).
/// </summary>
public static class TelephoneEvents
{
    /// <summary>The most keys read of a stream; further ones are left out.</summary>
    public const int MaxKeys = 10_000;

    /// <summary>The encoding name.</summary>
    public const string Name = "telephone-event";

    private const int PayloadSize = 4;
    private const int EndFlag = 0x80;
    private const uint MostLost = ushort.MaxValue / 8;
    private const int LastEvent = 16;

    /// <summary>The keys of a stream, in the order they were pressed.</summary>
    public static IReadOnlyList<PressedKey> Read(AudioStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var pressed = new List<Press>();
        var byStart = new Dictionary<(uint Ssrc, uint Timestamp, byte Event), Press>();
        foreach (var stored in stream.Packets)
        {
            if (!RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _)
                || rtp.Payload.Length < PayloadSize
                || !stream.PayloadTypes.TryGetValue(rtp.PayloadType, out var format)
                || !format.Name.Equals(Name, StringComparison.OrdinalIgnoreCase)
                || rtp.Payload[0] > LastEvent)
            {
                continue;
            }

            var key = (rtp.Ssrc, rtp.Timestamp, rtp.Payload[0]);
            if (!byStart.TryGetValue(key, out var press))
            {
                press = GoesOn(pressed, key) ?? Begin(pressed, key, format.ClockRate);
                if (press is null)
                {
                    continue;
                }

                byStart[key] = press;
            }

            press.Add(stored.ArrivalNs, rtp.Timestamp, rtp.Payload);
        }

        return [.. pressed.Select(press => press.ToKey()).OrderBy(key => key.StartNs)];
    }

    // A segment that begins where the one before reached, of the same key and not ended.
    private static Press? GoesOn(List<Press> pressed, (uint Ssrc, uint Timestamp, byte Event) key) =>
        pressed.FindLast(press => press.Ssrc == key.Ssrc) is { } last && last.IsFollowedBy(key.Timestamp, key.Event)
            ? last
            : null;

    private static Press? Begin(List<Press> pressed, (uint Ssrc, uint Timestamp, byte Event) key, int clockRate)
    {
        if (pressed.Count == MaxKeys)
        {
            return null;
        }

        var press = new Press(key.Ssrc, key.Timestamp, key.Event, clockRate);
        pressed.Add(press);
        return press;
    }

    private static string Symbol(byte number) => number switch
    {
        < 10 => ((char)('0' + number)).ToString(),
        10 => "*",
        11 => "#",
        LastEvent => "flash",
        _ => ((char)('A' + number - 12)).ToString(),
    };

    private sealed class Press(uint ssrc, uint timestamp, byte number, int clockRate)
    {
        private readonly double _unitNs = 1e9 / clockRate;
        private long _startNs = long.MaxValue;
        private uint _units;
        private bool _ended;

        public uint Ssrc => ssrc;

        // The last packets of a segment may be lost: a gap within it is no other key.
        public bool IsFollowedBy(uint next, byte key) =>
            !_ended && key == number
            && next - timestamp >= ushort.MaxValue && next - timestamp <= _units + MostLost;

        public void Add(long arrivalNs, uint from, ReadOnlySpan<byte> payload)
        {
            // No packet comes before what it tells of: the one that waited least says best when the key went down.
            var units = from - timestamp + BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
            _startNs = Math.Min(_startNs, arrivalNs - (long)(units * _unitNs));
            _units = Math.Max(_units, units);
            _ended |= (payload[1] & EndFlag) != 0;
        }

        public PressedKey ToKey() => new(
            Symbol(number), _startNs, TimeSpan.FromMilliseconds(Math.Round(_units * _unitNs / 1e6, 3)), _ended);
    }
}
