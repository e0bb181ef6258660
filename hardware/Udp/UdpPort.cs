using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Udp;

/// <summary>
/// One local port. Made on the caller's thread, then used by its shard's thread alone, but for <see cref="Send"/>.
/// </summary>
internal sealed class UdpPort : IDisposable
{
    private readonly Socket _socket;
    private DropCounter _drops;

    private UdpPort(Socket socket, ushort number)
    {
        _socket = socket;
        _drops = new DropCounter(number);
        Number = number;
        Descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        OpenedNs = MachineClock.MonotonicNs();
    }

    internal ushort Number { get; }

    /// <summary>True for the odd port of a pair, where reports come and no media (RFC 3550 §11).</summary>
    internal bool IsControl => (Number & 1) != 0;

    /// <summary>Valid while this object is not disposed; only the shard's thread disposes an opened port.</summary>
    internal int Descriptor { get; }

    internal long OpenedNs { get; }

    /// <summary>Drops of this port's own socket.</summary>
    internal ref DropCounter Drops => ref _drops;

    /// <summary>True while its shard reads it.</summary>
    internal bool IsOpen { get; set; }

    /// <summary>Place in the shard's list, where it keeps one.</summary>
    internal int Place { get; set; }

    /// <summary>Binds a port.</summary>
    /// <param name="address">The local address.</param>
    /// <param name="number">The port.</param>
    /// <param name="bufferBytes">Receive buffer; null leaves the system's.</param>
    /// <param name="error">Why it could not be had.</param>
    /// <returns>Null when it could not be had.</returns>
    internal static UdpPort? TryBind(IPAddress address, ushort number, int? bufferBytes, out SocketError error)
    {
        Socket? socket = null;
        try
        {
            socket = SocketOptions.Open(address.AddressFamily);
            if (bufferBytes is { } bytes)
            {
                SocketOptions.SetBuffer(socket, bytes);
            }

            socket.Bind(new IPEndPoint(address, number));
            error = SocketError.Success;
            return new UdpPort(socket, number);
        }
        catch (SocketException failure)
        {
            socket?.Dispose();
            error = failure.SocketErrorCode;
            return null;
        }
    }

    /// <summary>Reads the kernel's drop counter at this moment.</summary>
    internal uint ReadDrops() => SocketOptions.ReadMemory(_socket, LibC.MemoryInfoDrops, _drops.Seen);

    /// <summary>Sends a datagram. Any thread, also while the port is being closed.</summary>
    /// <returns>0 or errno.</returns>
    internal int Send(ReadOnlySpan<byte> datagram, SourceAddress destination)
    {
        var family = _socket.AddressFamily == AddressFamily.InterNetwork
            ? LibC.AddressFamilyIPv4
            : LibC.AddressFamilyIPv6;
        if (destination.IsIPv4 != (family == LibC.AddressFamilyIPv4))
        {
            return LibC.FamilyNotSupported;
        }

        // struct sockaddr_in and sockaddr_in6: family, port, then the address; of IPv6 behind four bytes of flow label.
        Span<byte> name = stackalloc byte[28];
        name.Clear();
        MemoryMarshal.Write(name, (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(name[2..], destination.Port);
        destination.WriteAddress(name[(destination.IsIPv4 ? 4 : 8)..]);
        try
        {
            return LibC.Send(_socket.SafeHandle, datagram, name[..(destination.IsIPv4 ? 16 : 28)]);
        }
        catch (ObjectDisposedException)
        {
            return LibC.BadDescriptor;
        }
    }

    public void Dispose() => _socket.Dispose();
}
