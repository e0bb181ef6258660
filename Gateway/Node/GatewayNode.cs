using System.Net;
using Microsoft.Extensions.Logging;
using Talreg.Capture;
using Talreg.Capture.Taps;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Admission;
using Talreg.Gateway.Archive;
using Talreg.Gateway.Overload;
using Talreg.Gateway.Scrub;
using Talreg.Gateway.Sealing;
using Talreg.Gateway.Sessions;
using Talreg.Hardware.Clock;
using Talreg.Sip;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;

namespace Talreg.Gateway;

/// <summary>
/// A gateway on one SIP interface: raises the interface's epoch, or stands by; opens SIP, and from then on turns
/// sessions into recordings until it is stopped. What an earlier process left is sealed meanwhile. Its part in the
/// interface is in <c>GatewayNode.Ownership</c>.
/// </summary>
public sealed partial class GatewayNode : IGatewayObserver, IAsyncDisposable
{
    private static readonly TimeSpan PullEvery = TimeSpan.FromSeconds(1);

    private readonly GatewayOptions _options;
    private readonly TakeJournal _journal;
    private readonly CaptureEngine _capture;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _clock;
    private readonly ILogger<GatewayNode> _logger;
    private readonly SealingQueue _sealing;
    private readonly RecoveredTakes _recovered;
    private readonly RecordingScrub? _scrub;
    private readonly Admitter _admitter;
    private readonly RecordingArchive? _archive;
    private readonly SrsApplication _sessions;
    private readonly SipServer _sip;
    private readonly RefusalLog _refusals;
    private readonly RefusedCalls _refusedCalls;
    private readonly LoadMonitor _load;
    private readonly CancellationTokenSource _stopping = new();
    private IGatewayObserver? _self;
    private Task _ticking = Task.CompletedTask;
    private Task _recovering = Task.CompletedTask;
    private Task _scrubbing = Task.CompletedTask;
    private Task _archiving = Task.CompletedTask;

    /// <summary>
    /// Makes a gateway; nothing is opened yet. The journal, the recordings and the capture engine stay their owner's.
    /// </summary>
    public GatewayNode(
        GatewayOptions options,
        TakeJournal journal,
        RecordingStore recordings,
        CaptureEngine capture,
        IGrainFactory grains,
        TimeProvider clock,
        ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _journal = journal;
        _capture = capture;
        _grains = grains;
        _clock = clock;
        _logger = loggers.CreateLogger<GatewayNode>();
        _journal.Fenced += (_, e) => _logger.VolumeFenced(e.Directory, e.Reason, e.Left);
        _refusals = new RefusalLog(clock, loggers.CreateLogger<RefusalLog>());
        _sealing = new SealingQueue(options, journal, recordings, grains, clock, loggers.CreateLogger<SealingQueue>());
        _refusedCalls = new RefusedCalls(options, grains, clock, loggers.CreateLogger<RefusedCalls>());
        _load = new LoadMonitor(
            [new CoreSignal(capture), new RingSignal(capture)], clock, loggers.CreateLogger<LoadMonitor>())
        {
            SheddingChanged = Shed,
        };
        _admitter = new Admitter(grains, options, clock, loggers.CreateLogger<Admitter>());
        _sessions = new SrsApplication(
            options,
            _admitter,
            capture,
            journal,
            _sealing,
            grains,
            clock,
            loggers.CreateLogger<SrsApplication>(),
            _refusals,
            _refusedCalls,
            _load);
        _recovered = new RecoveredTakes(
            options,
            journal,
            _sealing,
            _sessions.Reporter,
            grains,
            clock,
            loggers.CreateLogger<RecoveredTakes>());
        _scrub = options.Scrub is null
            ? null
            : new RecordingScrub(
                options.Scrub, options.Tenant, recordings, grains, clock, loggers.CreateLogger<RecordingScrub>());
        _archive = options.Archive is null
            ? null
            : new RecordingArchive(
                options.Archive, options.Tenant, recordings, grains, clock, loggers.CreateLogger<RecordingArchive>());
        _sip = new SipServer(
            new SipServerOptions
            {
                UdpListeners = [options.Sip, .. options.SipAlso],
                TcpListeners = [options.Sip, .. options.SipAlso],
                Tls = options.SipTls,
                Access = options.SipAccess,
                SiprecEnabled = options.SiprecEnabled,
                MaySpeak = options.Heartbeat is null ? null : MaySpeak,
            },
            _sessions,
            clock,
            new SipLog(loggers.CreateLogger<SipLog>(), _refusals));
    }

    /// <summary>Where SIP is heard over UDP, with the port taken.</summary>
    public IPEndPoint SipEndPoint => Bound(SipTransportKind.Udp);

    /// <summary>Where SIP is heard over TCP: the same, unless any free port was asked for.</summary>
    public IPEndPoint SipTcpEndPoint => Bound(SipTransportKind.Tcp);

    /// <summary>Where SIP is heard under TLS; null for nowhere.</summary>
    public IPEndPoint? SipTlsEndPoint =>
        _options.SipTls is null ? null : Bound(SipTransportKind.Tls);

    /// <summary>What the gateway has done and has under way.</summary>
    public GatewayCounters Counters => new(
        _sip.Counters,
        _capture.Totals,
        _journal.Health,
        _sessions.Sessions.Count,
        _sealing.Waiting,
        _sealing.Sealed,
        _sealing.Damaged,
        _recovered.Left,
        _recovered.Failed,
        _refusals.Total,
        _refusedCalls.Total,
        _capture.TapTotals.Open,
        _capture.TapTotals.Dropped,
        _load.IsShedding,
        _load.IsRefusing,
        _capture.CoreUse,
        _capture.RingUse)
    {
        Reports = _capture.ReportTotals,
        NotCaptured = _sessions.NotCaptured,
        Ownership = _keeper?.Counters,
    };

    /// <summary>Told of every admission; must not wait or throw. Set before the start.</summary>
    public Action<AdmissionOutcome>? Admitted
    {
        get => _admitter.Decided;
        set => _admitter.Decided = value;
    }

    /// <summary>What the scrub has done; null when recordings are not checked again.</summary>
    public ScrubCounters? Scrub => _scrub?.Counters;

    /// <summary>What archiving has done; null where nothing is archived.</summary>
    public ArchiveCounters? Archive => _archive?.Counters;

    /// <summary>True while new sessions are taken.</summary>
    public bool IsAccepting => _sessions.Health.IsAccepting;

    /// <summary>Joins the interface, as its owner or standing by, and opens it.</summary>
    /// <exception cref="SipListenerException">The SIP address cannot be listened on.</exception>
    /// <exception cref="IOException">Heartbeats cannot be heard where they are to be.</exception>
    /// <exception cref="RefusalException">The interface is another gateway's.</exception>
    /// <exception cref="Sip.Transport.SipTlsException">The certificate for SIP cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var isOwner = await TakePartAsync(_journal.Incarnation).ConfigureAwait(false);
        _self = _grains.CreateObjectReference<IGatewayObserver>(this);
        await Gateway().RegisterAsync(_self).ConfigureAwait(false);
        _sealing.Start();
        _refusedCalls.Start();
        _load.Start();
        foreach (var volume in _journal.Health.Volumes.Where(volume => volume.Fenced))
        {
            _logger.VolumeFenced(volume.Directory, volume.FenceReason!, _journal.Health.Volumes.Count(v => !v.Fenced));
        }

        await _sip.StartAsync(cancellationToken).ConfigureAwait(false);
        _sessions.Accepting = isOwner;
        _keeper?.Start(OnOwnershipChanged, () => _sessions.Sessions.Count);
        _ticking = Run("media timeouts and orders", TickAsync);
        _recovering = Run("the journal of earlier starts", _recovered.RunAsync);
        _scrubbing = Run("the scrub", stop => _scrub?.RunAsync(stop) ?? Task.CompletedTask);
        _archiving = Run("archiving", stop => _archive?.RunAsync(stop) ?? Task.CompletedTask);
    }

    /// <summary>Takes no new sessions, ends those alive as <c>shutdown</c>, and waits for their seals.</summary>
    public async Task StopAsync()
    {
        _isStopping = true;
        _sessions.Accepting = false;
        if (_keeper is not null && _options.FloatingAddress is null)
        {
            await _keeper.StopAsync().ConfigureAwait(false);
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _recovering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _scrubbing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _archiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sip.DisposeAsync().ConfigureAwait(false);
        if (_keeper is not null)
        {
            // An address that goes with the interface stays until the last BYE was sent from it. Twice is no error.
            await _keeper.StopAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(_sessions.Sessions.Select(session => _sessions.EndAsync(session, EndReason.Shutdown)))
            .ConfigureAwait(false);
        await _sessions.EndedAsync().ConfigureAwait(false);
        await _load.StopAsync().ConfigureAwait(false);
        await _refusedCalls.DrainAsync(_options.StopWithin).ConfigureAwait(false);
        var left = await _sealing.DrainAsync(_options.StopWithin).ConfigureAwait(false);
        if (left > 0)
        {
            _logger.LeftUnsealed(left, _options.StopWithin);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _sip.DisposeAsync().ConfigureAwait(false);
        if (_keeper is { } keeper)
        {
            await keeper.DisposeAsync().ConfigureAwait(false);
        }

        await _load.DisposeAsync().ConfigureAwait(false);
        await _refusedCalls.DisposeAsync().ConfigureAwait(false);
        await _sealing.DisposeAsync().ConfigureAwait(false);
        _recovered.Dispose();
        _scrub?.Dispose();
        _sessions.Dispose();
        _stopping.Dispose();
    }

    /// <inheritdoc />
    public async Task ExecuteAsync(TakeOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (_sessions.Find(order.Take) is { } session)
        {
            await _sessions.CarryOutAsync(session, order).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public Task<TakeDocument?> ReadAsync(TakeId take) => Task.FromResult(_sessions.Read(take));

    /// <summary>One more resource whose load stops taps and sealing, and then new calls. Any thread.</summary>
    public void AddLoadSignal(ILoadSignal signal) => _load.Add(signal);

    /// <summary>Opens a tap on a live take of this gateway; null when it has no such take. Close it when done.</summary>
    /// <exception cref="CaptureRefusedException">Too many taps, taps are stopped, or the take is closing.</exception>
    public async ValueTask<CaptureTap?> OpenTapAsync(TakeId take, CancellationToken cancellationToken) =>
        _sessions.Find(take) is { Take: { } live, Closing: false }
            ? await _capture.OpenTapAsync(live, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>Closes a tap. After the gateway has stopped too.</summary>
    public ValueTask CloseTapAsync(CaptureTap tap) => _capture.CloseTapAsync(tap);

    // All can wait, and all take from what live calls need: taps time on the shards, sealing, scrub and archive the disk.
    private void Shed(bool shed)
    {
        _sealing.SetPaused(shed);
        _scrub?.SetPaused(shed);
        _archive?.SetPaused(shed);
        _capture.TapsStopped = shed;
    }

    private IPEndPoint Bound(SipTransportKind transport) =>
        _sip.BoundEndpoints.First(bound => bound.Transport == transport).Endpoint;

    private IGatewayGrain Gateway() => _grains.GetGrain<IGatewayGrain>(Names.Key(_options.Tenant, _options.Gateway));

    // What nobody waits for until the end must be heard of when it ends before.
    private Task Run(string what, Func<CancellationToken, Task> work)
    {
        var running = Task.Run(() => work(_stopping.Token), CancellationToken.None);
        _ = running.ContinueWith(
            ended => _logger.BackgroundEnded(what, ended.Exception!.GetBaseException()),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
        return running;
    }

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(PullEvery, _clock);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await PullAsync(cancellationToken).ConfigureAwait(false);
            await _sessions.NoteLiveFlagsAsync().ConfigureAwait(false);
            foreach (var session in _sessions.Silent(MachineClock.MonotonicNs(), _options.MediaTimeout))
            {
                _logger.MediaTimedOut(
                    _options.MediaTimeout, new TakeId(session.Take!.Identity.TakeId), session.Admission.Call);
                await _sessions.EndAsync(session, EndReason.MediaTimeout).ConfigureAwait(false);
                var hungUp = _sip.HangUpAsync(session.DialogId, cancellationToken);
                if (MaySpeak())
                {
                    await hungUp.ConfigureAwait(false);
                }
            }

            await DeclareEpochsAsync().ConfigureAwait(false);
        }
    }

    // Orders are pushed when given; pulling them each second is what makes sure that none is lost.
    private async Task PullAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Gateway().RegisterAsync(_self!).WaitAsync(PullEvery, _clock, cancellationToken).ConfigureAwait(false);
            await Gateway().ReportAsync(Report()).WaitAsync(PullEvery, _clock, cancellationToken).ConfigureAwait(false);
            var orders = await Gateway().PullAsync().WaitAsync(
                PullEvery, _clock, cancellationToken).ConfigureAwait(false);
            foreach (var order in orders)
            {
                await ExecuteAsync(order).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            _logger.PullFailed(e);
        }
    }
}
