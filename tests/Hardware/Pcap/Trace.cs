using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Talreg.Hardware.Tests.Pcap;

/// <summary>Makes capture files and the frames in them.</summary>
internal static class Trace
{
    internal static readonly IPEndPoint Caller = new(IPAddress.Parse("192.0.2.1"), 40_000);

    internal static readonly IPEndPoint Caller6 = new(IPAddress.Parse("2001:db8::1"), 40_000);

    internal static byte[] Udp(int source, int destination, ReadOnlySpan<byte> payload)
    {
        var udp = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)source);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(2), (ushort)destination);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), (ushort)udp.Length);
        payload.CopyTo(udp.AsSpan(8));
        return udp;
    }

    internal static byte[] IPv4(
        IPEndPoint from,
        IPEndPoint to,
        ReadOnlySpan<byte> payload,
        int options = 0,
        ushort fragment = 0,
        byte next = 17)
    {
        var udp = Udp(from.Port, to.Port, payload);
        var packet = new byte[20 + options + udp.Length];
        packet[0] = (byte)(0x45 + (options / 4));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), fragment);
        packet[9] = next;
        from.Address.TryWriteBytes(packet.AsSpan(12), out _);
        to.Address.TryWriteBytes(packet.AsSpan(16), out _);
        udp.CopyTo(packet, 20 + options);
        return packet;
    }

    /// <summary>An IPv6 packet with extension headers before UDP: type, and bytes without the next type.</summary>
    internal static byte[] IPv6(
        IPEndPoint from, IPEndPoint to, ReadOnlySpan<byte> payload, params (byte Type, byte[] Body)[] extensions)
    {
        byte next = 17;
        var body = Udp(from.Port, to.Port, payload);
        foreach (var (type, rest) in extensions.Reverse())
        {
            body = [next, .. rest, .. body];
            next = type;
        }

        var packet = new byte[40 + body.Length];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)body.Length);
        packet[6] = next;
        from.Address.TryWriteBytes(packet.AsSpan(8), out _);
        to.Address.TryWriteBytes(packet.AsSpan(24), out _);
        body.CopyTo(packet, 40);
        return packet;
    }

    /// <summary>Ethernet, with VLAN tags of these types.</summary>
    internal static byte[] Ethernet(byte[] packet, params ushort[] tags)
    {
        var frame = new List<byte>(new byte[12]);
        foreach (var tag in tags)
        {
            frame.AddRange([(byte)(tag >> 8), (byte)tag, 0x20, 0x07]);
        }

        frame.AddRange(EtherType(packet));
        frame.AddRange(packet);
        return [.. frame];
    }

    internal static byte[] Cooked(byte[] packet) => [.. new byte[14], .. EtherType(packet), .. packet];

    internal static byte[] Cooked2(byte[] packet) => [.. EtherType(packet), .. new byte[18], .. packet];

    internal static byte[] EtherType(byte[] packet) =>
        packet[0] >> 4 == 4 ? new byte[] { 0x08, 0x00 } : new byte[] { 0x86, 0xDD };

    /// <summary>A pcap file.</summary>
    internal static byte[] Pcap(
        int linkType,
        IEnumerable<(long UnixNs, byte[] Frame)> frames,
        bool isBigEndian = false,
        bool nanoseconds = false)
    {
        var file = new Words(isBigEndian);
        file.Add(nanoseconds ? 0xA1B23C4D : 0xA1B2C3D4)
            .AddHalf(2).AddHalf(4).Add(0).Add(0).Add(65_535).Add((uint)linkType);
        foreach (var (unixNs, frame) in frames)
        {
            var fraction = unixNs % 1_000_000_000 / (nanoseconds ? 1 : 1_000);
            file.Add((uint)(unixNs / 1_000_000_000)).Add((uint)fraction)
                .Add((uint)frame.Length).Add((uint)frame.Length).AddBytes(frame);
        }

        return file.ToArray();
    }

    internal static IPEndPoint To(ushort port, AddressFamily family = AddressFamily.InterNetwork) =>
        new(family == AddressFamily.InterNetwork ? IPAddress.Parse("192.0.2.9") : IPAddress.Parse("2001:db8::9"), port);
}

/// <summary>Writes words in either byte order, and pcapng blocks of them.</summary>
internal sealed class Words(bool isBigEndian)
{
    private readonly List<byte> _bytes = [];

    internal Words Add(uint word)
    {
        Span<byte> bytes = stackalloc byte[4];
        if (isBigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, word);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, word);
        }

        _bytes.AddRange(bytes);
        return this;
    }

    internal Words AddHalf(ushort half)
    {
        Span<byte> bytes = stackalloc byte[2];
        if (isBigEndian)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes, half);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, half);
        }

        _bytes.AddRange(bytes);
        return this;
    }

    internal Words AddBytes(ReadOnlySpan<byte> bytes, bool padded = false)
    {
        _bytes.AddRange(bytes);
        while (padded && _bytes.Count % 4 != 0)
        {
            _bytes.Add(0);
        }

        return this;
    }

    /// <summary>A pcapng block around a body of whole words.</summary>
    internal Words AddBlock(uint type, Action<Words> body)
    {
        var inner = new Words(isBigEndian);
        body(inner);
        var length = (uint)(inner._bytes.Count + 12);
        return Add(type).Add(length).AddBytes(inner.ToArray()).Add(length);
    }

    internal Words AddSection() => AddBlock(
        0x0A0D0D0A, b => b.Add(0x1A2B3C4D).AddHalf(1).AddHalf(0).Add(uint.MaxValue).Add(uint.MaxValue));

    /// <summary>An interface, with a time resolution option when given.</summary>
    internal Words AddInterface(int linkType, byte? resolution = null, uint snapLength = 0) => AddBlock(1, b =>
    {
        b.AddHalf((ushort)linkType).AddHalf(0).Add(snapLength);
        if (resolution is { } value)
        {
            b.AddHalf(9).AddHalf(1).AddBytes([value, 0, 0, 0]).AddHalf(0).AddHalf(0);
        }
    });

    internal Words AddEnhanced(uint source, ulong ticks, byte[] frame) => AddBlock(6, b => b
        .Add(source).Add((uint)(ticks >> 32)).Add((uint)ticks).Add((uint)frame.Length).Add((uint)frame.Length)
        .AddBytes(frame, padded: true));

    internal Words AddSimple(byte[] frame) =>
        AddBlock(3, b => b.Add((uint)frame.Length).AddBytes(frame, padded: true));

    internal byte[] ToArray() => [.. _bytes];
}
