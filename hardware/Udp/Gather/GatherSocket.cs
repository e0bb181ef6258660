using System.Net;
using System.Net.Sockets;

namespace Talreg.Hardware.Udp.Gather;

/// <summary>
/// The socket of a shard, into which its ports are steered. Its own port is one the system chose; nothing that is sent
/// there reaches it (<see cref="Steering"/>).
/// </summary>
internal sealed class GatherSocket : IDisposable
{
    // The kernel charges a waiting datagram with its bookkeeping too: never less than this.
    private const uint LeastChargeBytes = 256;

    private readonly Socket _socket;

    /// <summary>Binds a socket. The address need not be on this machine yet.</summary>
    /// <exception cref="SocketException">The system gives none.</exception>
    internal GatherSocket(IPAddress address, int bufferBytes)
    {
        _socket = SocketOptions.Open(address.AddressFamily);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetwork)
            {
                SocketOptions.Set(_socket, LibC.IPv4Level, LibC.IPv4FreeBind, 1);
                SocketOptions.Set(_socket, LibC.IPv4Level, LibC.IPv4OriginalDestination, 1);
            }
            else
            {
                SocketOptions.Set(_socket, LibC.IPv6Level, LibC.IPv6FreeBind, 1);
                SocketOptions.Set(_socket, LibC.IPv6Level, LibC.IPv6OriginalDestination, 1);
            }

            SocketOptions.SetBuffer(_socket, bufferBytes);
            _socket.Bind(new IPEndPoint(address, 0));
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }

        Descriptor = (int)_socket.SafeHandle.DangerousGetHandle();
        OwnPort = (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    /// <summary>Valid while this object is not disposed.</summary>
    internal int Descriptor { get; }

    /// <summary>The port the system chose.</summary>
    internal ushort OwnPort { get; }

    /// <summary>Reads the kernel's drop counter at this moment.</summary>
    internal uint ReadDrops(uint otherwise) => SocketOptions.ReadMemory(_socket, LibC.MemoryInfoDrops, otherwise);

    /// <summary>How many datagrams can be waiting at most.</summary>
    internal int MostWaiting() =>
        (int)(SocketOptions.ReadMemory(_socket, LibC.MemoryInfoHeld, uint.MaxValue) / LeastChargeBytes);

    public void Dispose() => _socket.Dispose();
}
