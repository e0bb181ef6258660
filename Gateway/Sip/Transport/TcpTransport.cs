using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Talreg.Sip.Transport;

/// <summary>
/// Accepts connections on one address, plain or under TLS, up to a cap in all and per remote address; and opens one
/// where a
/// message must go out and its connection is gone.
/// </summary>
internal sealed class TcpTransport : ISipTransport
{
    private readonly Socket _listener;
    private readonly SipLimits _limits;
    private readonly TimeProvider _timeProvider;
    private readonly TlsCredentials? _credentials;
    private readonly ConcurrentDictionary<long, TcpConnection> _connections = new();
    private readonly ConcurrentDictionary<IPEndPoint, long> _opened = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private ISipTransportSink? _sink;
    private StreamOpener? _opener;
    private long _lastConnection;

    /// <summary>Opens the listener.</summary>
    /// <param name="endpoint">Where to listen.</param>
    /// <param name="limits">The maxima.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="credentials">Null for plain TCP.</param>
    public TcpTransport(
        IPEndPoint endpoint, SipLimits limits, TimeProvider timeProvider, TlsCredentials? credentials = null)
    {
        _credentials = credentials;
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
            throw new SipListenerException(endpoint, Kind, exception);
        }

        LocalEndpoint = (IPEndPoint)_listener.LocalEndPoint!;
    }

    public SipTransportKind Kind => _credentials is null ? SipTransportKind.Tcp : SipTransportKind.Tls;

    public IPEndPoint LocalEndpoint { get; }

    public int ConnectionCount => _connections.Count;

    public void Start(ISipTransportSink sink)
    {
        _sink = sink;
        _opener = new StreamOpener(_credentials, sink);
        _loop = AcceptAsync(sink);
    }

    public bool TrySend(in SipFlow flow, byte[] message)
    {
        if (_connections.TryGetValue(flow.Connection, out var connection))
        {
            return connection.TrySend(message);
        }

        return flow.Fallback is { } target && !_stop.IsCancellationRequested
            && Connection(target) is { } opened && opened.TrySend(message);
    }

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
        var flow = new SipFlow(
            this, (IPEndPoint)socket.LocalEndPoint!, remote, Interlocked.Increment(ref _lastConnection));
        Start(new TcpConnection(
            socket, token => _opener!.AcceptAsync(socket, remote, token), flow, _limits, _timeProvider, sink));
    }

    /// <summary>A connection to a client that listens: the one opened before, or a new one.</summary>
    private TcpConnection? Connection(SipTarget target)
    {
        if (_opened.TryGetValue(target.Endpoint, out var number) && _connections.TryGetValue(number, out var known))
        {
            return known;
        }

        if (_connections.Count >= _limits.MaxConnections)
        {
            _sink!.OnConnectionRefused(target.Endpoint, Kind);
            return null;
        }

        var socket = new Socket(target.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var flow = new SipFlow(this, LocalEndpoint, target.Endpoint, Interlocked.Increment(ref _lastConnection));
        var connection = new TcpConnection(
            socket, token => _opener!.ConnectAsync(socket, target, token), flow, _limits, _timeProvider, _sink!);
        _opened[target.Endpoint] = flow.Connection;
        Start(connection);
        return connection;
    }

    private void Start(TcpConnection connection)
    {
        _connections[connection.Flow.Connection] = connection;
        connection.Start(closed =>
        {
            if (_connections.TryRemove(closed, out var gone))
            {
                _opened.TryRemove(KeyValuePair.Create(gone.Flow.Remote, closed));
            }
        });
    }
}
