using System.Net;
using Microsoft.Extensions.Logging;
using Talreg.Capture;
using Talreg.Capture.Taps;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Json;
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
/// A gateway on one SIP interface: raises the interface's epoch, opens SIP, and from then on turns sessions into recordings
/// until it is stopped. What an earlier process left is sealed meanwhile.
/// </summary>
public sealed class GatewayNode : IGatewayObserver, IAsyncDisposable
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
        _sessions = new SrsApplication(
            options,
            new Admitter(grains, options, clock, loggers.CreateLogger<Admitter>()),
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
    };

    /// <summary>What the scrub has done; null when recordings are not checked again.</summary>
    public ScrubCounters? Scrub => _scrub?.Counters;

    /// <summary>What archiving has done; null where nothing is archived.</summary>
    public ArchiveCounters? Archive => _archive?.Counters;

    /// <summary>True while new sessions are taken.</summary>
    public bool IsAccepting => _sessions.Health.IsAccepting;

    /// <summary>Takes the interface over and opens it.</summary>
    /// <exception cref="SipListenerException">The SIP address cannot be listened on.</exception>
    /// <exception cref="Sip.Transport.SipTlsException">The certificate for SIP cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var incarnation = _journal.Incarnation;
        var lease = await _grains.GetGrain<IInterfaceGrain>(Names.Key(_options.Tenant, _options.Interface))
            .AcquireAsync(_options.Gateway, incarnation).ConfigureAwait(false);
        _sessions.Epoch = lease.Epoch;
        _logger.InterfaceAcquired(_options.Interface, _options.Gateway, lease.Epoch);
        await DeclareStartAsync(lease).ConfigureAwait(false);
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
        _sessions.Accepting = true;
        _ticking = Task.Run(() => TickAsync(_stopping.Token), CancellationToken.None);
        _recovering = Task.Run(() => _recovered.RunAsync(_stopping.Token), CancellationToken.None);
        _scrubbing = Task.Run(() => _scrub?.RunAsync(_stopping.Token) ?? Task.CompletedTask, CancellationToken.None);
        _archiving = Task.Run(() => _archive?.RunAsync(_stopping.Token) ?? Task.CompletedTask, CancellationToken.None);
    }

    /// <summary>Takes no new sessions, ends those alive as <c>shutdown</c>, and waits for their seals.</summary>
    public async Task StopAsync()
    {
        _sessions.Accepting = false;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _recovering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _scrubbing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _archiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sip.DisposeAsync().ConfigureAwait(false);
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

    private Task<LedgerReceipt> DeclareStartAsync(InterfaceLease lease) =>
        _grains.GetGrain<ILedgerGrain>(_options.Tenant).AppendAsync(new LedgerEvent(
            LedgerEventKind.Start,
            $"start/{lease.Interface}/{lease.Epoch}",
            _clock.GetUtcNow(),
            CanonicalJson.Write(new System.Text.Json.Nodes.JsonObject
            {
                ["tenant"] = _options.Tenant,
                ["gateway"] = lease.Gateway,
                ["interface"] = lease.Interface,
                ["epoch"] = lease.Epoch,
            })));

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
                await _sip.HangUpAsync(session.DialogId, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Orders are pushed when given; pulling them each second is what makes sure that none is lost.
    private async Task PullAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Gateway().RegisterAsync(_self!).WaitAsync(PullEvery, _clock, cancellationToken).ConfigureAwait(false);
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

/// <summary>A gateway's counters at one moment.</summary>
/// <param name="Sip">Of the SIP server.</param>
/// <param name="Capture">Of the capture engine.</param>
/// <param name="Journal">Of the journal.</param>
/// <param name="Sessions">Recording sessions alive.</param>
/// <param name="Unsealed">Takes that ended and wait to be sealed.</param>
/// <param name="Sealed">Takes sealed since the start.</param>
/// <param name="Damaged">Takes the journal does not give as they were written, since the start; kept, not sealed.</param>
/// <param name="RecoveredUnsealed">Takes of earlier processes that were found and are not sealed yet.</param>
/// <param name="RecoveryFailed">Takes of earlier processes that cannot be made ready to be sealed.</param>
/// <param name="Refused">SIP messages refused since the start.</param>
/// <param name="RefusedCalls">INVITEs answered 503 since the start, each a gap in the ledger.</param>
/// <param name="Taps">Live taps open.</param>
/// <param name="TapDrops">Packets that slow listeners did not get.</param>
/// <param name="Shedding">True while live taps and sealing are stopped for load.</param>
/// <param name="Refusing">True while new INVITEs are answered 503 for load.</param>
/// <param name="CoreUse">The busiest receive thread's share of a core, 0 to 1.</param>
/// <param name="RingUse">How full the fullest way into the journal is, 0 to 1.</param>
public sealed record GatewayCounters(
    SipCounters Sip,
    CaptureTotals Capture,
    JournalHealth Journal,
    int Sessions,
    long Unsealed,
    long Sealed,
    long Damaged,
    long RecoveredUnsealed,
    long RecoveryFailed,
    long Refused,
    long RefusedCalls,
    int Taps,
    long TapDrops,
    bool Shedding,
    bool Refusing,
    double CoreUse,
    double RingUse)
{
    /// <summary>RTCP packets sent, and such that the system would not send.</summary>
    public (long Sent, long Failed) Reports { get; init; }
}
