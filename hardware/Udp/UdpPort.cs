using System.Net;
using System.Net.Sockets;
using Talreg.Hardware.Clock;

namespace Talreg.Hardware.Udp;

/// <summary>One local port. Made on the caller's thread, then used by its shard's thread alone.</summary>
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

    public void Dispose() => _socket.Dispose();
}
