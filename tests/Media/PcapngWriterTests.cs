using System.Buffers;
using System.Net;
using Talreg.Media.Pcap;

namespace Talreg.Media.Tests;

public class PcapngWriterTests
{
    private const long At = 1_795_467_331_123_456_789;

    private static readonly IPEndPoint SourceV4 = new(IPAddress.Parse("192.0.2.17"), 40_000);
    private static readonly IPEndPoint DestinationV4 = new(IPAddress.Parse("198.51.100.255"), 65_535);
    private static readonly IPEndPoint SourceV6 = new(IPAddress.Parse("2001:db8::ffff:1"), 5004);
    private static readonly IPEndPoint DestinationV6 = new(IPAddress.Parse("fe80::abcd:ef01:2345:6789"), 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TryWrite_payloads_of_every_length_read_back(bool isIpv6)
    {
        var (source, destination) = isIpv6 ? (SourceV6, DestinationV6) : (SourceV4, DestinationV4);
        var voice = RtpPackets.Noise(2, 51);
        var output = new ArrayBufferWriter<byte>();
        var writer = new PcapngWriter(output);
        for (var length = 0; length < 300; length++)
        {
            Assert.True(writer.TryWrite(At + length, source, destination, voice.AsSpan(0, length), out var refusal));
            Assert.Equal(PcapngRefusal.None, refusal);
        }

        var read = PcapngReader.Read(output.WrittenSpan.ToArray());
        Assert.Equal(300, read.Count);
        for (var length = 0; length < 300; length++)
        {
            Assert.Equal(At + length, read[length].UnixNanoseconds);
            Assert.Equal((source, destination), (read[length].Source, read[length].Destination));
            Assert.Equal(voice[..length], read[length].Payload);
        }
    }

    [Fact]
    public void TryWrite_mapped_address_is_written_as_ipv4()
    {
        var output = new ArrayBufferWriter<byte>();
        var mapped = new IPEndPoint(SourceV4.Address.MapToIPv6(), SourceV4.Port);
        Assert.True(new PcapngWriter(output).TryWrite(0, mapped, DestinationV4, [1], out _));
        var read = Assert.Single(PcapngReader.Read(output.WrittenSpan.ToArray()));
        Assert.Equal((SourceV4, 0), (read.Source, read.UnixNanoseconds));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TryWrite_checksum_that_comes_to_zero_is_sent_as_all_ones(bool isIpv6)
    {
        var (source, destination) = isIpv6 ? (SourceV6, DestinationV6) : (SourceV4, DestinationV4);
        var output = new ArrayBufferWriter<byte>();
        var writer = new PcapngWriter(output);
        for (var value = 0; value <= ushort.MaxValue; value++)
        {
            Assert.True(writer.TryWrite(At, source, destination, [(byte)(value >> 8), (byte)value], out _));
        }

        var read = PcapngReader.Read(output.WrittenSpan.ToArray());
        Assert.Equal(65_536, read.Count);
        Assert.DoesNotContain(read, datagram => datagram.UdpChecksum == 0);
        Assert.Contains(read, datagram => datagram.UdpChecksum == ushort.MaxValue);
    }

    [Theory]
    [InlineData(false, 65_507)]
    [InlineData(true, 65_527)]
    public void TryWrite_largest_payload_is_written_and_one_more_refused(bool isIpv6, int largest)
    {
        var (source, destination) = isIpv6 ? (SourceV6, DestinationV6) : (SourceV4, DestinationV4);
        var payload = new byte[largest + 1];
        payload.AsSpan().Fill(0xFF);
        var output = new ArrayBufferWriter<byte>();
        var writer = new PcapngWriter(output);
        Assert.True(writer.TryWrite(At, source, destination, payload.AsSpan(1), out _));
        var written = output.WrittenCount;
        Assert.False(writer.TryWrite(At, source, destination, payload, out var refusal));
        Assert.Equal((PcapngRefusal.TooLarge, written), (refusal, output.WrittenCount));
        Assert.Equal(largest, Assert.Single(PcapngReader.Read(output.WrittenSpan.ToArray())).Payload.Length);
    }

    [Fact]
    public void TryWrite_mixed_families_are_refused_and_write_nothing()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new PcapngWriter(output);
        Assert.False(writer.TryWrite(At, SourceV4, DestinationV6, [1], out var refusal));
        Assert.Equal(PcapngRefusal.MixedFamilies, refusal);
        Assert.Empty(PcapngReader.Read(output.WrittenSpan.ToArray()));
    }
}
