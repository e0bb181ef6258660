using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Talreg.Hardware.Link;

/// <summary>
/// An IPv4 address that a process holds on a device for as long as it renews it: the kernel drops it by itself when
/// the process is dead or frozen (rtnetlink(7), <c>IFA_CACHEINFO</c>). Immutable; any thread.
/// </summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">The bits of its network, 1 to 32.</param>
/// <param name="Device">The device that has it.</param>
public sealed record LinkAddress(IPAddress Address, int PrefixLength, string Device) : ILinkAddress
{
    private const int MaxDeviceLength = 15;

    private const ushort NewAddress = 20;
    private const ushort DeleteAddress = 21;
    private const ushort Request = 0x1;
    private const ushort Acknowledge = 0x4;
    private const ushort Replace = 0x100;
    private const ushort Create = 0x400;
    private const ushort AttributeAddress = 1;
    private const ushort AttributeLocal = 2;
    private const ushort AttributeLifetimes = 6;
    private const int MessageHeader = 16;
    private const int AddressHeader = 8;
    private const int AddressNotAvailable = 99;

    // An announcement is an ARP request whose two protocol addresses are the one announced (RFC 5227).
    private const ushort ArpProtocol = 0x0806;
    private const ushort IPv4Protocol = 0x0800;
    private const int HardwareAddressLength = 6;
    private const ulong CapabilityNetAdmin = 1UL << 12;
    private const ulong CapabilityNetRaw = 1UL << 13;

    /// <summary>Reads <c>10.0.0.100/24@eth0</c>.</summary>
    public static bool TryParse(string text, out LinkAddress? address)
    {
        address = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (slash < 0 || at < slash
            || !IPAddress.TryParse(text.AsSpan(0, slash), out var parsed)
            || parsed.AddressFamily != AddressFamily.InterNetwork
            || parsed.ToString() != text[..slash]
            || !int.TryParse(
                text.AsSpan(slash + 1, at - slash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            || bits is < 1 or > 32
            || text.Length - at - 1 is < 1 or > MaxDeviceLength
            || text.AsSpan(at + 1).ContainsAny(" \t\n/@"))
        {
            return false;
        }

        address = new LinkAddress(parsed, bits, text[(at + 1)..]);
        return true;
    }

    /// <summary>Why this process could not hold the address, for an operator; null when it can.</summary>
    public string? Obstacle()
    {
        if (Sockets.IndexOf(Device) == 0)
        {
            return $"there is no device {Device}";
        }

        var line = File.ReadLines("/proc/thread-self/status")
            .First(one => one.StartsWith("CapEff:", StringComparison.Ordinal));
        var held = ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        const ulong Needed = CapabilityNetAdmin | CapabilityNetRaw;
        return (held & Needed) == Needed
            ? null
            : "this process may not change addresses: it needs CAP_NET_ADMIN and CAP_NET_RAW "
                + "(AmbientCapabilities= of its unit)";
    }

    /// <inheritdoc />
    public void Hold(TimeSpan validFor)
    {
        Span<byte> lifetimes = stackalloc byte[16];
        lifetimes.Clear();
        var seconds = (uint)Math.Max(1, validFor.TotalSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(lifetimes, seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(lifetimes[4..], seconds);
        Change(NewAddress, Create | Replace, lifetimes, allowed: 0);
    }

    /// <inheritdoc />
    public void Release() => Change(DeleteAddress, 0, [], AddressNotAvailable);

    /// <inheritdoc />
    public void Announce()
    {
        var hardware = NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(one => one.Name == Device)
            ?.GetPhysicalAddress().GetAddressBytes() ?? [];
        if (hardware.Length != HardwareAddressLength)
        {
            // A device without hardware addresses has no neighbours to tell.
            return;
        }

        Span<byte> packet = stackalloc byte[28];
        packet.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet, 1);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], IPv4Protocol);
        packet[4] = HardwareAddressLength;
        packet[5] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], 1);
        hardware.CopyTo(packet[8..]);
        WriteAddress(packet[14..]);
        WriteAddress(packet[24..]);

        Span<byte> everyone = stackalloc byte[20];
        everyone.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(everyone, Sockets.FamilyPacket);
        BinaryPrimitives.WriteUInt16BigEndian(everyone[2..], ArpProtocol);
        BinaryPrimitives.WriteUInt32LittleEndian(everyone[4..], Index());
        everyone[11] = HardwareAddressLength;
        everyone.Slice(12, HardwareAddressLength).Fill(0xff);
        Sockets.Exchange(Sockets.FamilyPacket, Sockets.TypeDatagram, 0, packet, everyone, []);
    }

    /// <inheritdoc />
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}@{Device}");

    private static int WriteAttribute(Span<byte> to, ushort type, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], type);
        value.CopyTo(to[4..]);
        return 4 + value.Length;
    }

    private void Change(ushort type, int flags, ReadOnlySpan<byte> lifetimes, int allowed)
    {
        Span<byte> message = stackalloc byte[64];
        Span<byte> address = stackalloc byte[4];
        message.Clear();
        WriteAddress(address);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], (ushort)(Request | Acknowledge | flags));
        message[MessageHeader] = (byte)AddressFamily.InterNetwork;
        message[MessageHeader + 1] = (byte)PrefixLength;
        BinaryPrimitives.WriteUInt32LittleEndian(message[(MessageHeader + 4)..], Index());
        var length = MessageHeader + AddressHeader;
        length += WriteAttribute(message[length..], AttributeLocal, address);
        length += WriteAttribute(message[length..], AttributeAddress, address);
        length += lifetimes.IsEmpty ? 0 : WriteAttribute(message[length..], AttributeLifetimes, lifetimes);
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)length);

        Span<byte> answer = stackalloc byte[256];
        var received = Sockets.Exchange(
            Sockets.FamilyNetlink, Sockets.TypeRaw, protocol: 0, message[..length], [], answer);
        if (received < MessageHeader + 4)
        {
            throw new IOException($"The kernel's answer about {this} is too short.");
        }

        var error = -BinaryPrimitives.ReadInt32LittleEndian(answer[MessageHeader..]);
        if (error != 0 && error != allowed)
        {
            throw Sockets.Failed(error);
        }
    }

    private void WriteAddress(Span<byte> to) => _ = Address.TryWriteBytes(to, out _);

    private uint Index() => Sockets.IndexOf(Device) is > 0 and var index
        ? index
        : throw new IOException($"There is no device {Device}.");
}
