using System.Net;
using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Udp;

/// <summary>How datagrams get from the kernel to the shards.</summary>
public enum ReceiveMethod
{
    /// <summary>Gathered where the process may, else scanned.</summary>
    Auto,

    /// <summary>A socket per port, each drained at fixed times. Needs no privilege.</summary>
    Scan,

    /// <summary>A socket per shard, ports steered into it (CAP_BPF, CAP_NET_ADMIN, Linux 5.9).</summary>
    Gathered,
}

/// <summary>How a <see cref="UdpDevice"/> receives.</summary>
public sealed record UdpDeviceOptions
{
    /// <summary>The most shards of a device.</summary>
    public const int MaxShards = 64;

    /// <summary>The local address, IPv4 or IPv6. The sockets are of its family alone.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The ports it may open.</summary>
    public required PortRange Ports { get; init; }

    /// <summary>The method of reading.</summary>
    public ReceiveMethod Method { get; init; } = ReceiveMethod.Scan;

    /// <summary>How many shards: 1 to <see cref="MaxShards"/>. One thread each.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Scan: how often every port is read: 1 to 100 ms. Longer is cheaper and wants a larger buffer.</summary>
    public TimeSpan ScanInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Gathered: how long a shard rests after a read that did not fill: 1 to 100 ms.</summary>
    public TimeSpan RestInterval { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Gathered: true holds every open port bound, at the price of a descriptor, so that no other program can take it. False
    /// only looks when the port is opened: a program that binds it afterwards gets nothing, and neither do two devices that
    /// open it at the same address.
    /// </summary>
    public bool HoldPorts { get; init; } = true;

    /// <summary>
    /// Scan: receive buffer per port, in bytes, as SO_RCVBUF counts them (a small packet takes about 768). Beyond
    /// <c>net.core.rmem_max</c> only where the process may (CAP_NET_ADMIN).
    /// </summary>
    public int ReceiveBufferBytes { get; init; } = 1024 * 1024;

    /// <summary>Gathered: receive buffer per shard, in bytes, counted alike. Memory is taken only for what waits.</summary>
    public int ShardBufferBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The longest datagram that is read whole, in bytes: 256 to 65,507.</summary>
    public int MaxDatagramBytes { get; init; } = 9216;

    /// <summary>Throws when an option is out of its range.</summary>
    internal void Check()
    {
        Within(Shards, 1, MaxShards, nameof(Shards));
        Within(ScanInterval.TotalMilliseconds, 1, 100, nameof(ScanInterval));
        Within(RestInterval.TotalMilliseconds, 1, 100, nameof(RestInterval));
        Within(MaxDatagramBytes, 256, 65_507, nameof(MaxDatagramBytes));
        Within(ReceiveBufferBytes, 4096, int.MaxValue, nameof(ReceiveBufferBytes));
        Within(ShardBufferBytes, 4096, int.MaxValue, nameof(ShardBufferBytes));
    }

    private static void Within(double value, double low, double high, string option)
    {
        if (value < low || value > high)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, $"{option} may be {low} to {high}.");
        }
    }
}
