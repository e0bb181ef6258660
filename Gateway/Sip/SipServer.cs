using System.Net;
using System.Threading.Channels;
using Talreg.Sip.Messages;
using Talreg.Sip.Transport;

namespace Talreg.Sip;

/// <summary>
/// A SIP user agent server for recording sessions (RFC 3261, RFC 7866). Transports parse on their own threads; one loop
/// owns every transaction and dialog. All members are safe from any thread.
/// </summary>
public sealed class SipServer : ISipTransportSink, IAsyncDisposable
{
    private const int MaxActionsPerRound = 256;

    /// <summary>Addresses are counted by their hash, in a table of fixed size.</summary>
    private const int Shares = 1_024;

    private readonly SipServerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ISipLog _log;
    private readonly SipEngine _engine;
    private readonly Channel<Action> _work;
    private readonly Lock _afterLoop = new();
    private readonly List<ISipTransport> _transports = [];
    private readonly int[] _queuedByShare = new int[Shares];
    private Task _loop = Task.CompletedTask;
    private int _disposed;
    private long _received;
    private long _dropped;
    private long _connectionsRefused;
    private long _connectionsFailed;

    /// <summary>Makes a server; nothing is opened yet.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="application">What decides about sessions.</param>
    /// <param name="timeProvider">The clock and the timers.</param>
    /// <param name="log">Where faults go.</param>
    public SipServer(
        SipServerOptions options, ISipApplication application, TimeProvider timeProvider, ISipLog log)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(application);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(log);
        (_options, _timeProvider, _log) = (options, timeProvider, log);
        _work = Channel.CreateBounded<Action>(
            new BoundedChannelOptions(options.Limits.MaxQueuedMessages) { SingleReader = true });
        _engine = new SipEngine(options, application, timeProvider, log, action => _ = PostAnswerAsync(action));
    }

    /// <summary>The addresses listened on, with the ports taken; empty before the start.</summary>
    public IReadOnlyList<(SipTransportKind Transport, IPEndPoint Endpoint)> BoundEndpoints { get; private set; } = [];

    /// <summary>What has been done and what is alive; the figures may be a moment apart.</summary>
    public SipCounters Counters => new()
    {
        MessagesReceived = Volatile.Read(ref _received),
        DatagramsDropped = Volatile.Read(ref _dropped),
        ConnectionsRefused = Volatile.Read(ref _connectionsRefused),
        ConnectionsFailed = Volatile.Read(ref _connectionsFailed),
        MessagesSent = _engine.Sent,
        SendFailures = _engine.SendFailures,
        Withheld = _engine.Withheld,
        Refusals = _engine.Refusals,
        RetransmissionsReceived = _engine.Retransmissions,
        SessionsAccepted = _engine.Accepted,
        Transactions = _engine.TransactionCount,
        Dialogs = _engine.DialogCount,
        Connections = _transports.OfType<TcpTransport>().Sum(transport => transport.ConnectionCount),
    };

    /// <summary>Opens the listeners and serves until disposed.</summary>
    /// <param name="cancellationToken">Abandons the start.</param>
    /// <exception cref="SipListenerException">An address cannot be listened on; nothing stays open.</exception>
    /// <exception cref="SipTlsException">A certificate, key or root cannot be used; nothing stays open.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            foreach (var endpoint in _options.UdpListeners)
            {
                _transports.Add(new UdpTransport(endpoint));
            }

            foreach (var endpoint in _options.TcpListeners)
            {
                _transports.Add(new TcpTransport(endpoint, _options.Limits, _timeProvider));
            }

            if (_options.Tls is { } tls)
            {
                var credentials = new TlsCredentials(tls, _options.Access, _timeProvider);
                foreach (var endpoint in tls.Listeners)
                {
                    _transports.Add(new TcpTransport(endpoint, _options.Limits, _timeProvider, credentials));
                }
            }
        }
        catch (Exception exception) when (exception is SipListenerException or SipTlsException)
        {
            await CloseTransportsAsync().ConfigureAwait(false);
            throw;
        }

        BoundEndpoints = [.. _transports.Select(transport => (transport.Kind, transport.LocalEndpoint))];
        _loop = Task.Run(RunAsync, CancellationToken.None);
        _transports.ForEach(transport => transport.Start(this));
    }

    /// <summary>Ends a session with BYE. Unknown or ended sessions are no error.</summary>
    /// <param name="dialogId">The session.</param>
    /// <param name="cancellationToken">Ends the wait, not the BYE.</param>
    /// <returns>Whether the client answered within <see cref="SipServerOptions.HangUpWait"/>.</returns>
    public async Task<bool> HangUpAsync(string dialogId, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var posted = await PostAsync(
            () => _engine.HangUp(dialogId, SessionEnd.LocalBye, result => answered.TrySetResult(result)))
            .ConfigureAwait(false);

        // After the stop every session has ended.
        return !posted || await WaitAsync(answered.Task, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Asks a session's client for a full metadata snapshot (RFC 7866 §9.2); it comes with
    /// <see cref="ISipApplication.OnReinviteAsync"/>. A client that cannot give one, or was asked
    /// <see cref="SipLimits.MaxSnapshotRequests"/> times, is not asked.
    /// </summary>
    /// <param name="dialogId">The session.</param>
    /// <param name="reason">Why, for a person.</param>
    public Task RequestSnapshotAsync(string dialogId, string reason) =>
        PostAsync(() => _engine.RequestSnapshot(dialogId, reason));

    /// <summary>
    /// Answers INVITEs still with the application 503, ends every session with a BYE, waits at most
    /// <see cref="SipServerOptions.HangUpWait"/> for the answers and for the application, then closes the listeners. An
    /// application that accepts later than that still gets its <see cref="ISipApplication.OnEnded"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (BoundEndpoints.Count > 0)
        {
            var stopped = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            await PostAsync(() => _engine.Stop(() => stopped.TrySetResult(true))).ConfigureAwait(false);
            await WaitAsync(stopped.Task, CancellationToken.None).ConfigureAwait(false);
            await PostAsync(_engine.Abandon).ConfigureAwait(false);
        }

        _work.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        await CloseTransportsAsync().ConfigureAwait(false);
    }

    void ISipTransportSink.OnDatagram(in SipFlow flow, ReadOnlySpan<byte> bytes)
    {
        if (SipParser.LeadingLineEnds(bytes) == bytes.Length)
        {
            return;
        }

        // A flood from one address must leave room in the queue for all others.
        var share = (uint)flow.Remote.Address.GetHashCode() % Shares;
        var queued = Interlocked.Increment(ref _queuedByShare[share]);
        var handle = queued <= Math.Max(1, _options.Limits.MaxQueuedMessages / 4)
            ? Parse(flow, bytes, SipFraming.Datagram)
            : null;
        if (handle is null || !_work.Writer.TryWrite(() =>
        {
            Interlocked.Decrement(ref _queuedByShare[share]);
            handle();
        }))
        {
            Interlocked.Decrement(ref _queuedByShare[share]);
            Interlocked.Increment(ref _dropped);
        }
    }

    async ValueTask ISipTransportSink.OnStreamMessageAsync(
        SipFlow flow, byte[] bytes, CancellationToken cancellationToken)
    {
        var work = Parse(flow, bytes, SipFraming.Stream);
        try
        {
            await _work.Writer.WriteAsync(work, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    void ISipTransportSink.OnStreamBroken(in SipFlow flow, string detail)
    {
        var source = flow;
        _ = _work.Writer.TryWrite(() => _engine.OnMalformed(source, null, Enum.Parse<SipFault>(detail)));
    }

    void ISipTransportSink.OnConnectionRefused(IPEndPoint remote, SipTransportKind kind) =>
        Interlocked.Increment(ref _connectionsRefused);

    void ISipTransportSink.OnConnectionFailed(IPEndPoint remote, SipTransportKind kind, string reason)
    {
        Interlocked.Increment(ref _connectionsFailed);
        _log.ConnectionFailed(kind, remote, reason);
    }

    void ISipTransportSink.OnTransportFailed(SipTransportKind kind, IPEndPoint endpoint, Exception exception) =>
        _log.TransportFailed(kind, endpoint, exception);

    private Action Parse(SipFlow flow, ReadOnlySpan<byte> bytes, SipFraming framing)
    {
        Interlocked.Increment(ref _received);
        var sound = SipParser.TryParse(bytes, framing, _options.Limits, out var message, out var fault);
        return () => Handle(flow, message, sound ? SipFault.None : fault);
    }

    private void Handle(in SipFlow flow, SipMessage? message, SipFault fault)
    {
        try
        {
            if (fault == SipFault.None)
            {
                _engine.OnMessage(flow, message!);
            }
            else
            {
                _engine.OnMalformed(flow, message, fault);
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // One message must never end the loop that serves all the others.
            _log.MessageFailed(flow.Remote, exception);
        }
    }

    /// <summary>Hands work to the loop; false when the loop has ended and will not run it.</summary>
    private async Task<bool> PostAsync(Action action)
    {
        while (await _work.Writer.WaitToWriteAsync().ConfigureAwait(false))
        {
            if (_work.Writer.TryWrite(action))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The application's answer; one that comes after the loop's end still ends its session.</summary>
    private async Task PostAnswerAsync(Action action)
    {
        if (await PostAsync(action).ConfigureAwait(false))
        {
            return;
        }

        await _loop.ConfigureAwait(false);
        lock (_afterLoop)
        {
            Run(action);
        }
    }

    private async Task<bool> WaitAsync(Task<bool> answered, CancellationToken cancellationToken)
    {
        try
        {
            return await answered.WaitAsync(_options.HangUpWait, _timeProvider, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // One piece of work must never end the loop that does all the others.
            _log.WorkFailed(exception);
        }
    }

    private async Task RunAsync()
    {
        var wake = _timeProvider.CreateTimer(
            _ => _work.Writer.TryWrite(static () => { }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using (wake.ConfigureAwait(false))
        {
            while (await _work.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                // A flood of messages must not keep the timers waiting.
                for (var i = 0; i < MaxActionsPerRound && _work.Reader.TryRead(out var action); i++)
                {
                    Run(action);
                }

                _ = wake.Change(_engine.Timers.RunDue() ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private async Task CloseTransportsAsync()
    {
        foreach (var transport in _transports)
        {
            await transport.DisposeAsync().ConfigureAwait(false);
        }
    }
}
