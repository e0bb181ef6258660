using System.Net;
using System.Net.Sockets;
using Talreg.Contracts.Gateways;

namespace Talreg.Gateway.Ownership;

/// <summary>Heartbeats as datagrams: authentic ones of members in, ours out. One thread at a time.</summary>
internal sealed class HeartbeatSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _received = new byte[Heartbeat.MaxBytes + 1];
    private readonly byte[] _sent = new byte[Heartbeat.MaxBytes];
    private readonly SocketAddress _from;
    private long _accepted;
    private long _refused;
    private long _sentCount;

    /// <summary>Binds.</summary>
    /// <exception cref="IOException">The address is in use, or is not this machine's.</exception>
    public HeartbeatSocket(IPEndPoint listen)
    {
        _socket = new Socket(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            _socket.Bind(listen);
        }
        catch (SocketException e)
        {
            _socket.Dispose();
            throw new IOException(
                $"Cannot listen for heartbeats on {listen}: {e.Message}. Give heartbeat another address.", e);
        }

        _from = new SocketAddress(listen.AddressFamily);
    }

    /// <summary>Where heartbeats are heard, with the port taken.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Heartbeats accepted, refused and sent since the start. Any thread.</summary>
    public (long Accepted, long Refused, long Sent) Totals =>
        (Volatile.Read(ref _accepted), Volatile.Read(ref _refused), Volatile.Read(ref _sentCount));

    /// <summary>Waits for a datagram.</summary>
    /// <param name="longest">How long at most.</param>
    /// <returns>False when none came.</returns>
    public bool Wait(TimeSpan longest) => _socket.Poll(longest, SelectMode.SelectRead);

    /// <summary>Reads one datagram.</summary>
    /// <param name="key">The members' key.</param>
    /// <param name="heartbeat">What it was.</param>
    /// <returns>False for none, or one that is not authentic; it is counted.</returns>
    public bool TryReceive(ReadOnlySpan<byte> key, out Heartbeat heartbeat)
    {
        heartbeat = default;
        try
        {
            var length = _socket.ReceiveFrom(_received, SocketFlags.None, _from);
            if (Heartbeat.TryRead(key, _received.AsSpan(0, length), out heartbeat))
            {
                return true;
            }

            Refuse();
        }
        catch (SocketException)
        {
            // An earlier heartbeat of ours found nobody there, or the datagram was longer than any heartbeat.
            Refuse();
        }

        return false;
    }

    /// <summary>Counts one that was taken.</summary>
    public void Accept() => Volatile.Write(ref _accepted, _accepted + 1);

    /// <summary>Counts one that was not.</summary>
    public void Refuse() => Volatile.Write(ref _refused, _refused + 1);

    /// <summary>Sends one.</summary>
    /// <exception cref="SocketException">The system would not send it.</exception>
    public void Send(in Heartbeat heartbeat, ReadOnlySpan<byte> key, IPEndPoint to)
    {
        var length = heartbeat.Write(key, _sent);
        _socket.SendTo(_sent.AsSpan(0, length), SocketFlags.None, to);
        Volatile.Write(ref _sentCount, _sentCount + 1);
    }

    /// <inheritdoc />
    public void Dispose() => _socket.Dispose();

    /// <summary>Where a member hears heartbeats; null when it did not say so readably.</summary>
    public static IPEndPoint? EndpointOf(InterfaceMember member) =>
        IPEndPoint.TryParse(member.Heartbeat, out var endpoint) && endpoint.Port > 0 ? endpoint : null;
}
