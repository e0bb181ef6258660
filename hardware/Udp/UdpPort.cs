using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Udp;

/// <summary>One bound socket. Made on the caller's thread, then used by its shard's thread alone.</summary>
internal sealed class UdpPort : IDisposable
{
    private readonly Socket _socket;

    private UdpPort(Socket socket, ushort number)
    {
        _socket = socket;
        Number = number;
        Descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        OpenedNs = MachineClock.MonotonicNs();
    }

    internal ushort Number { get; }

    /// <summary>Valid while this object is not disposed; only the shard's thread disposes an opened port.</summary>
    internal int Descriptor { get; }

    internal long OpenedNs { get; }

    /// <summary>The kernel's drop counter as last seen. It wraps at 32 bits.</summary>
    internal uint Drops { get; set; }

    /// <summary>Place in the shard's list; -1 while not in it.</summary>
    internal int Place { get; set; } = -1;

    /// <summary>Binds a port.</summary>
    /// <returns>Null when it could not be had, with the reason.</returns>
    internal static UdpPort? TryBind(IPAddress address, ushort number, int bufferBytes, out SocketError error)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            Set(socket, LibC.TimestampNs, 1);
            Set(socket, LibC.ReceiveQueueOverflow, 1);
            SetBuffer(socket, bufferBytes);
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
    internal uint ReadDrops()
    {
        Span<uint> memory = stackalloc uint[LibC.MemoryInfoDrops + 1];
        var bytes = MemoryMarshal.AsBytes(memory);
        return _socket.GetRawSocketOption(LibC.SocketLevel, LibC.MemoryInfo, bytes) == bytes.Length
            ? memory[LibC.MemoryInfoDrops]
            : Drops;
    }

    public void Dispose() => _socket.Dispose();

    // The larger of what the system allows everyone and what it allows us.
    private static void SetBuffer(Socket socket, int bytes)
    {
        try
        {
            Set(socket, LibC.ReceiveBufferForce, bytes);
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.AccessDenied)
        {
            Set(socket, LibC.ReceiveBuffer, bytes);
        }
    }

    private static void Set(Socket socket, int option, int value) =>
        socket.SetRawSocketOption(LibC.SocketLevel, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
}
