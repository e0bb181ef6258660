using System.Buffers.Binary;
using System.Text;

namespace Talreg.TestKit;

/// <summary>A report block (RFC 3550 §6.4.1).</summary>
/// <param name="Source">Whom it is about.</param>
/// <param name="FractionLost">Of 256 since the report before.</param>
/// <param name="Lost">In all; signed, 24 bits.</param>
/// <param name="Highest">Extended highest sequence number.</param>
/// <param name="Jitter">In timestamp units.</param>
/// <param name="LastReport">LSR.</param>
/// <param name="Delay">DLSR, in 1/65536 s.</param>
public sealed record RtcpBlock(
    uint Source, int FractionLost, int Lost, uint Highest, uint Jitter, uint LastReport, uint Delay);

/// <summary>
/// A compound packet as a peer reads it: strictly, from the RFC's text, sharing no code with the product.
/// </summary>
public sealed record RtcpCompound
{
    /// <summary>Who sent it.</summary>
    public required uint Sender { get; init; }

    /// <summary>The types of its packets, in order.</summary>
    public required IReadOnlyList<int> Types { get; init; }

    /// <summary>The blocks of its report.</summary>
    public required IReadOnlyList<RtcpBlock> Blocks { get; init; }

    /// <summary>The CNAME.</summary>
    public required string Name { get; init; }

    /// <summary>Who leaves; empty for nobody.</summary>
    public required IReadOnlyList<uint> Leaving { get; init; }

    /// <summary>Reads a receiver report with what goes with it.</summary>
    /// <exception cref="InvalidDataException">It is no compound packet that begins with a receiver report and names its
    /// sender.</exception>
    public static RtcpCompound Read(byte[] packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var types = new List<int>();
        var blocks = new List<RtcpBlock>();
        var leaving = new List<uint>();
        string? name = null;
        for (var at = 0; at < packet.Length;)
        {
            Require(packet.Length - at >= 8 && packet[at] >> 6 == 2, "version and length");
            Require((packet[at] & 0x20) == 0, "no padding");
            var size = 4 * (Word16(packet, at + 2) + 1);
            Require(size <= packet.Length - at, "length within the datagram");
            var part = packet.AsSpan(at, size).ToArray();
            types.Add(part[1]);
            switch (part[1])
            {
                case 201:
                    Require(size == 8 + (24 * (part[0] & 31)), "as many blocks as are counted");
                    blocks.AddRange(Enumerable.Range(0, part[0] & 31).Select(i => Block(part, 8 + (24 * i))));
                    break;
                case 202:
                    Require((part[0] & 31) == 1 && part[8] == 1 && part[9] > 0, "one chunk that begins with a CNAME");
                    name = Encoding.UTF8.GetString(part, 10, part[9]);
                    Require(part.AsSpan(10 + part[9]) is { Length: >= 1 and <= 4 } rest
                        && rest.IndexOfAnyExcept((byte)0) < 0, "an end of items, filled up to a word");
                    break;
                case 203:
                    leaving.AddRange(Enumerable.Range(0, part[0] & 31).Select(i => Word32(part, 4 + (4 * i))));
                    break;
                default:
                    Require(false, "a type known to a receiver");
                    break;
            }

            at += size;
        }

        Require(types.Count > 1 && types[0] == 201 && types[1] == 202 && name is not null, "RR, then SDES");
        return new RtcpCompound
        {
            Sender = Word32(packet, 4), Types = types, Blocks = blocks, Name = name!, Leaving = leaving,
        };
    }

    private static RtcpBlock Block(byte[] packet, int at)
    {
        var lost = (int)(Word32(packet, at + 4) << 8) >> 8;
        return new RtcpBlock(
            Word32(packet, at), packet[at + 4], lost, Word32(packet, at + 8), Word32(packet, at + 12),
            Word32(packet, at + 16), Word32(packet, at + 20));
    }

    private static int Word16(byte[] packet, int at) => BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at));

    private static uint Word32(byte[] packet, int at) => BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(at));

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidDataException($"This is no receiver report: {what}.");
        }
    }
}
