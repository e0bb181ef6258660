using System.Buffers.Binary;
using Talreg.Media.Merge;
using Talreg.Media.Timeline;

namespace Talreg.Media.Tests.Merge;

/// <summary>One stream as several recorders get it: with losses, clocks and numbers of their own.</summary>
internal sealed class Forks
{
    public const long StartNs = 5_000_000_000;

    private readonly Random _random;

    public Forks(int seed, int packets, byte quiet = 0)
    {
        _random = new Random(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Payloads = [.. Enumerable.Range(0, packets).Select(i =>
        {
            var payload = new byte[RtpPackets.Samples];
            if (quiet == 0 || i % quiet != 0)
            {
                _random.NextBytes(payload);
            }

            return payload;
        })];
    }

    public byte[][] Payloads { get; }

    /// <summary>The numbers of packets that a recorder keeps, in order.</summary>
    public List<int> Lose(int percent) =>
        [.. Enumerable.Range(0, Payloads.Length).Where(_ => _random.Next(100) >= percent)];

    /// <summary>A stream of the packets kept.</summary>
    /// <param name="kept">Their numbers.</param>
    /// <param name="numbers">How the fork numbers them; null for the source's own.</param>
    /// <param name="label">Its label.</param>
    public AudioStream Stream(IEnumerable<int> kept, ForkNumbers? numbers = null, string label = "1")
    {
        var own = numbers ?? new ForkNumbers(0x1234, 65_000, 4_294_900_000);
        var packets = kept
            .Select(i => Packet(i, own))
            .OrderBy(stored => stored.ArrivalNs);
        return RtpPackets.Stream([.. packets], label);
    }

    /// <summary>A take of streams.</summary>
    /// <param name="clockNs">How far its clock is ahead of the first one's.</param>
    /// <param name="streams">The streams.</param>
    public MergeTake Take(long clockNs, params AudioStream[] streams) => new()
    {
        StartNs = StartNs,
        EndNs = StartNs + (Payloads.Length * RtpPackets.PacketNs),
        RealTimeOffsetNs = 1_790_000_000_000_000_000 + clockNs,
        Streams = streams,
    };

    // Up to 15 ms on its way.
    private StoredPacket Packet(int index, ForkNumbers numbers)
    {
        var packet = new byte[12 + RtpPackets.Samples];
        packet[0] = 0x80;
        packet[1] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(numbers.Sequence + index));
        BinaryPrimitives.WriteUInt32BigEndian(
            packet.AsSpan(4), numbers.Timestamp + (uint)(index * RtpPackets.Samples));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), numbers.Ssrc);
        Payloads[index].CopyTo(packet.AsSpan(12));
        return new StoredPacket(StartNs + (index * RtpPackets.PacketNs) + _random.Next(15_000_000), packet);
    }
}

/// <summary>How a fork numbers its packets.</summary>
internal sealed record ForkNumbers(uint Ssrc, int Sequence, uint Timestamp);
