using System.Buffers.Binary;
using System.Net;

namespace Talreg.Media.Tests;

/// <summary>One datagram of a capture file.</summary>
internal sealed record CapturedDatagram(long UnixNanoseconds, IPEndPoint Source, IPEndPoint Destination, byte[] Payload)
{
    public ushort UdpChecksum { get; init; }
}

/// <summary>
/// Reads pcapng from the draft's text alone (draft-ietf-opsawg-pcapng §3, §4), little-endian, link type RAW; asserts
/// every length and checksum on the way.
/// </summary>
internal static class PcapngReader
{
    public static List<CapturedDatagram> Read(byte[] file)
    {
        var datagrams = new List<CapturedDatagram>();
        var blocks = 0;
        for (var at = 0; at < file.Length; blocks++)
        {
            var type = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));
            var total = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4));
            Assert.Equal(0, total % 4);
            Assert.InRange(total, 12, file.Length - at);
            Assert.Equal(total, BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + total - 4)));
            var body = file.AsSpan(at + 8, total - 12);
            switch (blocks)
            {
                case 0:
                    Assert.Equal(0x0A0D0D0Au, type);
                    Assert.Equal([0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0], body[..8].ToArray());
                    Assert.Equal(-1, BinaryPrimitives.ReadInt64LittleEndian(body[8..]));
                    break;
                case 1:
                    Assert.Equal(1u, type);
                    ReadInterface(body);
                    break;
                default:
                    Assert.Equal(6u, type);
                    datagrams.Add(ReadPacket(body));
                    break;
            }

            at += total;
        }

        Assert.True(blocks >= 2, $"{blocks} blocks");
        return datagrams;
    }

    private static void ReadInterface(ReadOnlySpan<byte> body)
    {
        Assert.Equal(101, BinaryPrimitives.ReadUInt16LittleEndian(body));
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(body[4..]));

        // if_tsresol: code 9, length 1, value 9, padded to 4; then opt_endofopt.
        Assert.Equal([9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0], body[8..].ToArray());
    }

    private static CapturedDatagram ReadPacket(ReadOnlySpan<byte> body)
    {
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(body));
        var time = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(body[4..]) << 32)
            | BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        var captured = BinaryPrimitives.ReadInt32LittleEndian(body[12..]);
        Assert.Equal(captured, BinaryPrimitives.ReadInt32LittleEndian(body[16..]));
        Assert.InRange(body.Length - 20 - captured, 0, 3);
        Assert.All(body[(20 + captured)..].ToArray(), padding => Assert.Equal(0, padding));
        return ReadIp(body.Slice(20, captured)) with { UnixNanoseconds = (long)time };
    }

    private static CapturedDatagram ReadIp(ReadOnlySpan<byte> packet)
    {
        var isIpv4 = packet[0] >> 4 == 4;
        var header = isIpv4 ? 20 : 40;
        if (isIpv4)
        {
            Assert.Equal(0x45, packet[0]);
            Assert.Equal(packet.Length, BinaryPrimitives.ReadUInt16BigEndian(packet[2..]));
            Assert.Equal(17, packet[9]);
            Assert.Equal(0xFFFF, OnesComplementSum(packet[..20].ToArray()));
        }
        else
        {
            Assert.Equal(0x60, packet[0]);
            Assert.Equal(packet.Length - 40, BinaryPrimitives.ReadUInt16BigEndian(packet[4..]));
            Assert.Equal(17, packet[6]);
        }

        var source = isIpv4 ? packet[12..16] : packet[8..24];
        var destination = isIpv4 ? packet[16..20] : packet[24..40];
        var udp = packet[header..];
        Assert.Equal(udp.Length, BinaryPrimitives.ReadUInt16BigEndian(udp[4..]));

        // Pseudo header, then the datagram with its checksum in place: the sum of a correct one is all ones.
        byte[] summed =
        [
            .. source, .. destination, 0, 17, (byte)(udp.Length >> 8), (byte)udp.Length, .. udp,
        ];
        Assert.Equal(0xFFFF, OnesComplementSum(summed));
        return new CapturedDatagram(
            0,
            new IPEndPoint(new IPAddress(source), BinaryPrimitives.ReadUInt16BigEndian(udp)),
            new IPEndPoint(new IPAddress(destination), BinaryPrimitives.ReadUInt16BigEndian(udp[2..])),
            udp[8..].ToArray())
        {
            UdpChecksum = BinaryPrimitives.ReadUInt16BigEndian(udp[6..]),
        };
    }

    private static int OnesComplementSum(byte[] bytes)
    {
        var sum = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            sum += bytes[i] << (i % 2 == 0 ? 8 : 0);
            if (sum > 0xFFFF)
            {
                sum -= 0xFFFF;
            }
        }

        return sum;
    }
}
