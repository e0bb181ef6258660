using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Talreg.Hardware.Udp;

/// <summary>What every receiving socket is set to.</summary>
internal static class SocketOptions
{
    /// <summary>Opens a UDP socket whose datagrams carry their arrival time and the drops before them.</summary>
    /// <exception cref="SocketException">The system gives no socket.</exception>
    internal static Socket Open(AddressFamily family)
    {
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            Set(socket, LibC.SocketLevel, LibC.TimestampNs, 1);
            Set(socket, LibC.SocketLevel, LibC.ReceiveQueueOverflow, 1);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sets the receive buffer: beyond what the system allows everyone where the process may.</summary>
    internal static void SetBuffer(Socket socket, int bytes)
    {
        try
        {
            Set(socket, LibC.SocketLevel, LibC.ReceiveBufferForce, bytes);
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.AccessDenied)
        {
            Set(socket, LibC.SocketLevel, LibC.ReceiveBuffer, bytes);
        }
    }

    internal static void Set(Socket socket, int level, int option, int value) =>
        socket.SetRawSocketOption(level, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));

    /// <summary>One number of SO_MEMINFO.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="place">Its place, at most that of the drop counter.</param>
    /// <param name="otherwise">What to give when the kernel says nothing.</param>
    internal static uint ReadMemory(Socket socket, int place, uint otherwise)
    {
        Span<uint> memory = stackalloc uint[LibC.MemoryInfoDrops + 1];
        var bytes = MemoryMarshal.AsBytes(memory);
        return socket.GetRawSocketOption(LibC.SocketLevel, LibC.MemoryInfo, bytes) == bytes.Length
            ? memory[place]
            : otherwise;
    }
}
