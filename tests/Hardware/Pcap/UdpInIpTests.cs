using System.Net.Sockets;
using Talreg.Hardware.Pcap;

namespace Talreg.Hardware.Tests.Pcap;

public sealed class UdpInIpTests
{
    private static readonly byte[] _payload = [9, 8, 7, 6, 5];
    private static readonly System.Net.IPEndPoint _to6 = Trace.To(5005, AddressFamily.InterNetworkV6);

    [Fact]
    public void TryStrip_every_link_type_leads_to_the_packet()
    {
        foreach (var packet in new[]
        {
            Trace.IPv4(Trace.Caller, Trace.To(5005), _payload), Trace.IPv6(Trace.Caller6, _to6, _payload),
        })
        {
            (int Type, byte[] Frame)[] frames =
            [
                (LinkLayer.Ethernet, Trace.Ethernet(packet)),
                (LinkLayer.Ethernet, Trace.Ethernet(packet, 0x8100)),
                (LinkLayer.Ethernet, Trace.Ethernet(packet, 0x88A8, 0x8100)),
                (LinkLayer.Ethernet, Trace.Ethernet(packet, 0x9100, 0x8100)),
                (LinkLayer.LinuxCooked, Trace.Cooked(packet)),
                (LinkLayer.LinuxCooked2, Trace.Cooked2(packet)),
                (LinkLayer.Raw, packet),
            ];
            foreach (var (type, frame) in frames)
            {
                Assert.True(LinkLayer.TryStrip(type, frame, out var found));
                Assert.Equal(packet, found.ToArray());
            }
        }
    }

    [Fact]
    public void TryStrip_without_ip_or_cut_off_finds_nothing()
    {
        var packet = Trace.IPv4(Trace.Caller, Trace.To(5005), _payload);
        var arp = Trace.Ethernet(packet);
        (arp[12], arp[13]) = (0x08, 0x06);
        Assert.False(LinkLayer.TryStrip(LinkLayer.Ethernet, arp, out _));
        Assert.False(LinkLayer.TryStrip(LinkLayer.Ethernet, arp.AsSpan(0, 13), out _));
        Assert.False(LinkLayer.TryStrip(
            LinkLayer.Ethernet, Trace.Ethernet(packet, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100), out _));
        Assert.False(LinkLayer.IsKnown(105));
    }

    [Fact]
    public void Read_options_padding_and_extensions_are_stepped_over()
    {
        byte[] padded = [.. Trace.IPv4(Trace.Caller, Trace.To(5005), _payload, options: 12), 0, 0, 0];
        byte[] authentication = [1, .. new byte[10]];
        var extended = Trace.IPv6(
            Trace.Caller6,
            _to6,
            _payload,
            (0, new byte[7]),
            (43, [1, .. new byte[14]]),
            (60, new byte[7]),
            (51, authentication));
        foreach (var packet in new[] { padded, extended })
        {
            Assert.Equal(IpVerdict.Udp, UdpInIp.Read(packet, out var datagram));
            Assert.Equal(_payload, datagram.Payload.ToArray());
            Assert.Equal((40_000, 5005), (datagram.Source.Port, datagram.Destination.Port));
            Assert.False(datagram.IsTruncated);
        }
    }

    [Fact]
    public void Read_fragments_are_told_and_one_whole_in_itself_is_none()
    {
        Assert.Equal(IpVerdict.Fragment, Read(Trace.IPv4(Trace.Caller, Trace.To(5005), _payload, fragment: 0x2000)));
        Assert.Equal(IpVerdict.Fragment, Read(Trace.IPv4(Trace.Caller, Trace.To(5005), _payload, fragment: 0x0001)));
        Assert.Equal(IpVerdict.Udp, Read(Trace.IPv4(Trace.Caller, Trace.To(5005), _payload, fragment: 0x4000)));
        byte[] whole = new byte[7];
        byte[] more = [0, 0, 1, 0, 0, 0, 0];
        Assert.Equal(IpVerdict.Udp, Read(Trace.IPv6(Trace.Caller6, _to6, _payload, (44, whole))));
        Assert.Equal(IpVerdict.Fragment, Read(Trace.IPv6(Trace.Caller6, _to6, _payload, (44, more))));
    }

    [Fact]
    public void Read_what_is_no_udp_or_contradicts_itself_is_told()
    {
        var packet = Trace.IPv4(Trace.Caller, Trace.To(5005), _payload);
        Assert.Equal(IpVerdict.Other, Read(Trace.IPv4(Trace.Caller, Trace.To(5005), _payload, next: 6)));
        Assert.Equal(IpVerdict.Other, Read(Trace.IPv6(Trace.Caller6, _to6, _payload, (50, new byte[7]))));
        Assert.Equal(IpVerdict.Malformed, Read([]));
        Assert.Equal(IpVerdict.Malformed, Read([0x50, .. packet[1..]]));
        Assert.Equal(IpVerdict.Malformed, Read([0x44, .. packet[1..]]));
        Assert.Equal(IpVerdict.Malformed, Read([0x4F, .. packet[1..]]));
        Assert.Equal(IpVerdict.Malformed, Read([.. packet[..24], 0, 7, .. packet[26..]]));
        Assert.Equal(IpVerdict.Malformed, Read([.. packet[..2], 0, 19, .. packet[4..]]));
    }

    [Fact]
    public void Read_cut_at_every_length_keeps_what_is_there()
    {
        foreach (var packet in new[]
        {
            Trace.IPv4(Trace.Caller, Trace.To(5005), _payload),
            Trace.IPv6(Trace.Caller6, _to6, _payload, (0, new byte[7])),
        })
        {
            var header = packet.Length - _payload.Length;
            for (var length = 0; length < packet.Length; length++)
            {
                var verdict = UdpInIp.Read(packet.AsSpan(0, length), out var datagram);
                Assert.Equal(length < header ? IpVerdict.Malformed : IpVerdict.Udp, verdict);
                Assert.Equal(Math.Max(0, length - header), datagram.Payload.Length);
                Assert.Equal(length >= header, datagram.IsTruncated);
            }
        }
    }

    private static IpVerdict Read(byte[] packet) => UdpInIp.Read(packet, out _);
}
