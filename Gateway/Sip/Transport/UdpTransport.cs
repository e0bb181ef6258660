using System.Net;
using System.Net.Sockets;

namespace Talreg.Sip.Transport;

/// <summary>Datagrams on one socket: one receive loop, sends from any thread.</summary>
internal sealed class UdpTransport : ISipTransport
{
    private const int ReceiveBufferBytes = 4 * 1024 * 1024;

    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public UdpTransport(IPEndPoint endpoint)
    {
        _socket = new Socket(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            _socket.ReceiveBufferSize = ReceiveBufferBytes;
            _socket.Bind(endpoint);
        }
        catch (SocketException exception)
        {
            _socket.Dispose();
            throw new SipListenerException(endpoint, SipTransportKind.Udp, exception);
        }

        LocalEndpoint = (IPEndPoint)_socket.LocalEndPoint!;
    }

    public SipTransportKind Kind => SipTransportKind.Udp;

    public IPEndPoint LocalEndpoint { get; }

    public void Start(ISipTransportSink sink) => _loop = ReceiveAsync(sink);

    public bool TrySend(in SipFlow flow, byte[] message)
    {
        try
        {
            return _socket.SendTo(message, SocketFlags.None, flow.Remote) == message.Length;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task ReceiveAsync(ISipTransportSink sink)
    {
        var buffer = new byte[65_536];
        var any = new IPEndPoint(
            LocalEndpoint.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                // The packet information names the local address that was asked for, on a wildcard socket too.
                var received = await _socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, any, _stop.Token)
                    .ConfigureAwait(false);
                var address = received.PacketInformation.Address ?? LocalEndpoint.Address;
                var flow = new SipFlow(
                    this, new IPEndPoint(address, LocalEndpoint.Port), (IPEndPoint)received.RemoteEndPoint, 0);
                sink.OnDatagram(flow, buffer.AsSpan(0, received.ReceivedBytes));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // ICMP errors of earlier sends surface here; the socket itself is well.
                sink.OnTransportFailed(Kind, LocalEndpoint, exception);
            }
        }
    }
}
