using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Talreg.Sip.Transport;

/// <summary>Accepts connections on one address, up to a cap in all and per remote address.</summary>
internal sealed class TcpTransport : ISipTransport
{
    private readonly Socket _listener;
    private readonly SipLimits _limits;
    private readonly TimeProvider _timeProvider;
    private readonly ConcurrentDictionary<long, TcpConnection> _connections = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _lastConnection;

    public TcpTransport(IPEndPoint endpoint, SipLimits limits, TimeProvider timeProvider)
    {
        _limits = limits;
        _timeProvider = timeProvider;
        _listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(endpoint);
            _listener.Listen(512);
        }
        catch (SocketException exception)
        {
            _listener.Dispose();
            throw new SipListenerException(endpoint, SipTransportKind.Tcp, exception);
        }

        LocalEndpoint = (IPEndPoint)_listener.LocalEndPoint!;
    }

    public SipTransportKind Kind => SipTransportKind.Tcp;

    public IPEndPoint LocalEndpoint { get; }

    public int ConnectionCount => _connections.Count;

    public void Start(ISipTransportSink sink) => _loop = AcceptAsync(sink);

    public bool TrySend(in SipFlow flow, byte[] message) =>
        _connections.TryGetValue(flow.Connection, out var connection) && connection.TrySend(message);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _loop.ConfigureAwait(false);
        await Task.WhenAll(_connections.Values.Select(connection => connection.DisposeAsync().AsTask()))
            .ConfigureAwait(false);

        _stop.Dispose();
    }

    private async Task AcceptAsync(ISipTransportSink sink)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                Admit(socket, sink);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception)
            {
                sink.OnTransportFailed(Kind, LocalEndpoint, exception);
            }
        }
    }

    private void Admit(Socket socket, ISipTransportSink sink)
    {
        var remote = (IPEndPoint)socket.RemoteEndPoint!;
        var ofAddress = _connections.Values.Count(one => one.Flow.Remote.Address.Equals(remote.Address));
        if (_connections.Count >= _limits.MaxConnections || ofAddress >= _limits.MaxConnectionsPerAddress)
        {
            sink.OnConnectionRefused(remote, Kind);
            socket.Dispose();
            return;
        }

        socket.NoDelay = true;
        var flow = new SipFlow(this, (IPEndPoint)socket.LocalEndPoint!, remote, ++_lastConnection);
        var connection = new TcpConnection(socket, flow, _limits, _timeProvider, sink);
        _connections[flow.Connection] = connection;
        connection.Start(closed => _connections.TryRemove(closed, out _));
    }
}
