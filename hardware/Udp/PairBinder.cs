using System.Net;
using System.Net.Sockets;
using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Udp;

/// <summary>A pair of bound ports.</summary>
internal sealed record OpenPair(PortPair Pair, UdpPort Rtp, UdpPort Rtcp);

/// <summary>
/// Binds pairs out of a pool. Ports of the range that another program holds are skipped, and cool down like our own before
/// they are tried again.
/// </summary>
/// <param name="pool">Which ports are free.</param>
/// <param name="address">The local address.</param>
/// <param name="bufferBytes">Receive buffer per port; null leaves the system's.</param>
internal sealed class PairBinder(PortPool pool, IPAddress address, int? bufferBytes)
{
    /// <summary>Binds pairs, adjacent where the range allows.</summary>
    /// <returns>Why not, or <see cref="PortRefusal.None"/>.</returns>
    internal PortRefusal TryBind(int pairs, int shard, out OpenPair[] bound)
    {
        Span<ushort> ports = stackalloc ushort[Math.Clamp(pairs, 1, PortPool.MaxPairsPerRequest)];
        ArgumentOutOfRangeException.ThrowIfNotEqual(pairs, ports.Length);
        bound = new OpenPair[pairs];
        for (var attempt = 0; attempt <= pool.Capacity; attempt++)
        {
            if (!pool.TryRent(ports))
            {
                return PortRefusal.PortsExhausted;
            }

            var refusal = TryBindAll(ports, shard, bound, out var busy);
            if (refusal == PortRefusal.None && busy == 0)
            {
                return PortRefusal.None;
            }

            if (refusal != PortRefusal.None)
            {
                return refusal;
            }
        }

        return PortRefusal.PortsExhausted;
    }

    private PortRefusal TryBindAll(ReadOnlySpan<ushort> ports, int shard, OpenPair[] bound, out int busy)
    {
        busy = 0;
        var refusal = PortRefusal.None;
        for (var i = 0; i < ports.Length; i++)
        {
            var pair = TryBindPair(ports[i], shard, out var error);
            bound[i] = pair!;
            if (pair is null)
            {
                busy++;
                refusal = error switch
                {
                    SocketError.AddressAlreadyInUse or SocketError.AccessDenied => refusal,
                    SocketError.AddressNotAvailable => PortRefusal.AddressUnavailable,
                    _ => PortRefusal.SocketsExhausted,
                };
            }
        }

        if (busy == 0)
        {
            return PortRefusal.None;
        }

        for (var i = 0; i < ports.Length; i++)
        {
            if (bound[i] is { } unused)
            {
                unused.Rtp.Dispose();
                unused.Rtcp.Dispose();
                pool.ReturnUnused(ports[i]);
            }
            else
            {
                pool.Return(ports[i]);
            }
        }

        return refusal;
    }

    private OpenPair? TryBindPair(ushort rtpPort, int shard, out SocketError error)
    {
        var rtp = UdpPort.TryBind(address, rtpPort, bufferBytes, out error);
        if (rtp is null)
        {
            return null;
        }

        var rtcp = UdpPort.TryBind(address, (ushort)(rtpPort + 1), bufferBytes, out error);
        if (rtcp is null)
        {
            rtp.Dispose();
            return null;
        }

        return new OpenPair(new PortPair(rtpPort, shard), rtp, rtcp);
    }
}
