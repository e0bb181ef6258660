using System.Net;
using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Udp;

/// <summary>How a <see cref="UdpDevice"/> receives.</summary>
public sealed record UdpDeviceOptions
{
    /// <summary>The local address, IPv4 or IPv6. The sockets are of its family alone.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The ports it may open.</summary>
    public required PortRange Ports { get; init; }

    /// <summary>How many shards: 1 to 64. One thread each.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>How often every port is read: 1 to 100 ms. Longer is cheaper and wants a larger buffer.</summary>
    public TimeSpan ScanInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Receive buffer per socket, in bytes, as SO_RCVBUF counts them (a small packet takes about 768). Beyond
    /// <c>net.core.rmem_max</c> only where the process may (CAP_NET_ADMIN).
    /// </summary>
    public int ReceiveBufferBytes { get; init; } = 1024 * 1024;

    /// <summary>The longest datagram that is read whole, in bytes: 256 to 65,507.</summary>
    public int MaxDatagramBytes { get; init; } = 9216;
}
