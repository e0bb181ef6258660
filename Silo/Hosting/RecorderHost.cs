using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Configuration;
using Prometheus;
using Talreg.Api;
using Talreg.Api.Access;
using Talreg.Api.Recordings;
using Talreg.Capture;
using Talreg.Capture.PreBuffer;
using Talreg.Evidence.Keys;
using Talreg.Gateway;
using Talreg.Gateway.Scrub;
using Talreg.Grains;
using Talreg.Grains.Ledger;
using Talreg.Hardware.Udp;
using Talreg.Silo.Options;
using Talreg.Silo.Recordings;
using Talreg.State;
using Talreg.Store;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Hosting;

/// <summary>How a recorder is shown to whoever started it.</summary>
internal sealed record RecorderConsole
{
    /// <summary>The administrator's token, preset; null draws one at the first start.</summary>
    public string? BootstrapToken { get; init; }

    /// <summary>Told the administrator's token when one was drawn.</summary>
    public Action<string>? AnnounceToken { get; init; }

    /// <summary>True opens no interface: for work on a stopped recorder's data.</summary>
    public bool SiloOnly { get; init; }

    /// <summary>The least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;
}

/// <summary>
/// An all-in-one recorder: silo, gateway, API and page in one process on one data folder. Opened bottom up (folder,
/// keys, journal, silo, gateway) and closed in the opposite order, so that nothing is used before it is there.
/// </summary>
internal sealed class RecorderHost : IAsyncDisposable
{
    private readonly DataFolder _folder;
    private readonly RootKey _root;
    private readonly FileKeyStore _keys;
    private readonly TakeJournal _journal;
    private readonly PreBufferPool? _preBuffer;
    private readonly CaptureEngine _capture;
    private readonly WebApplication _app;
    private bool _started;

    private RecorderHost(
        DataFolder folder,
        RootKey root,
        FileKeyStore keys,
        TakeJournal journal,
        PreBufferPool? preBuffer,
        CaptureEngine capture,
        WebApplication app)
    {
        _folder = folder;
        _root = root;
        _keys = keys;
        _journal = journal;
        _preBuffer = preBuffer;
        _capture = capture;
        _app = app;
    }

    /// <summary>The application's services.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>The gateway.</summary>
    public GatewayNode Gateway => Services.GetRequiredService<GatewayNode>();

    /// <summary>Where the API and the page are, with the port taken.</summary>
    public Uri Http => new(_app.Urls.First());

    /// <summary>Raised when the process is told to stop.</summary>
    public CancellationToken Stopping => Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

    /// <summary>Opens everything up to, but not including, the network.</summary>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public static async Task<RecorderHost> OpenAsync(
        RecorderSettings settings, RecorderConsole console, CancellationToken cancellationToken)
    {
        var folder = DataFolder.Take(settings.Data);
        RootKey? root = null;
        FileKeyStore? keys = null;
        TakeJournal? journal = null;
        PreBufferPool? preBuffer = null;
        try
        {
            if (!console.SiloOnly)
            {
                PortCheck.Require(settings);
            }

            // Beside what waits for the disk.
            var rehearsal = console.SiloOnly ? Task.CompletedTask : Task.Run(Rehearsal.Run, cancellationToken);
            root = OpenRootKey(Path.Combine(folder.Sub("keys"), "root.key"));
            keys = FileKeyStore.Open(folder.Sub("keys"), root);
            journal = await TakeJournal.OpenAsync(
                new JournalOptions
                {
                    Volumes = settings.Volumes.Count > 0 ? settings.Volumes : [folder.Path],
                    RecordingsDirectory = folder.Path,
                    SegmentBytes = settings.SegmentBytes,
                    ReserveSegments = settings.ReserveSegments,
                    UnconfirmedBytes = settings.StallBytes,
                    AlarmPercent = settings.SpaceAlarm,
                    RefusePercent = settings.SpaceRefuse,
                },
                keys,
                TimeProvider.System,
                cancellationToken).ConfigureAwait(false);
            preBuffer = OpenPreBuffer(settings);
            await rehearsal.ConfigureAwait(false);
            var device = MediaDevice.Open(settings, hears: !console.SiloOnly);
            var capture = new CaptureEngine(
                device, journal, preBuffer: preBuffer, sendReports: settings.RtcpReports);
            var app = Build(settings, console, folder, keys, journal, capture, device);
            return new RecorderHost(folder, root, keys, journal, preBuffer, capture, app);
        }
        catch (Exception e) when (e is StartRefusedException or StoreException or AccessTokensException or IOException
            or UnauthorizedAccessException or PreBufferRefusedException)
        {
            preBuffer?.Dispose();
            if (journal is not null)
            {
                await journal.DisposeAsync().ConfigureAwait(false);
            }

            keys?.Dispose();
            root?.Dispose();
            folder.Dispose();
            throw e as StartRefusedException ?? new StartRefusedException(e.Message);
        }
    }

    /// <summary>Starts the silo, then the gateway, then the API.</summary>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // A start that fails half way has services to stop too.
        _started = true;
        try
        {
            await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (
            e is IOException or SocketException or Sip.SipListenerException or Sip.Transport.SipTlsException
                or StateStorageException)
        {
            throw new StartRefusedException(e.Message);
        }
    }

    /// <summary>Waits until the process is told to stop: SIGTERM, Ctrl-C, or the token. Disposing stops it.</summary>
    public async Task WaitForStopAsync(CancellationToken cancellationToken)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var signal = Stopping.Register(() => told.TrySetResult());
        using var caller = cancellationToken.Register(() => told.TrySetResult());
        await told.Task.ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_started)
        {
            await _app.StopAsync().ConfigureAwait(false);
        }

        await _app.DisposeAsync().ConfigureAwait(false);
        await _capture.DisposeAsync().ConfigureAwait(false);
        _preBuffer?.Dispose();
        await _journal.DisposeAsync().ConfigureAwait(false);
        _keys.Dispose();
        _root.Dispose();
        _folder.Dispose();
    }

    // What nobody chose may not keep a recorder from starting: where hardly anything may be locked, there is no pre-buffer, and
    // the calls that want one say so.
    private static PreBufferPool? OpenPreBuffer(RecorderSettings settings)
    {
        var bytes = settings.PreBufferBytes ?? PreBufferPool.DefaultBudgetBytes;
        return bytes >= PreBufferPool.BlockBytes ? new PreBufferPool(bytes) : null;
    }

    private static RootKey OpenRootKey(string path) => File.Exists(path) ? RootKey.Load(path) : RootKey.Create(path);

    private static WebApplication Build(
        RecorderSettings settings,
        RecorderConsole console,
        DataFolder folder,
        FileKeyStore keys,
        TakeJournal journal,
        CaptureEngine capture,
        UdpDevice device)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "talreg" });
        builder.Logging.AddSimpleConsole(format => format.SingleLine = true);
        builder.Logging.SetMinimumLevel(console.LogLevel);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // The watchdog takes the pauses of a start for trouble; a recorder's own measures are those of its gateway.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);

        // It also advises server GC: this process holds the gateway, whose heap is kept small on purpose.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
        builder.Logging.AddFilter("Polly", LogLevel.Warning);

        // A start that fails is told in one line by the verb, not by the host with its stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(console.SiloOnly ? new IPEndPoint(IPAddress.Loopback, 0) : settings.Http));
        builder.Services.AddRouting();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IKeyStore>(keys);
        builder.Services.AddSingleton(journal);
        builder.Services.AddSingleton(capture);
        builder.Services.AddSingleton(new RecordingStore(folder.Path, keys));
        builder.Services.AddSingleton<IRecordedMedia, RecordedMedia>();
        AddSilo(builder, settings, folder);
        var registry = Metrics.NewCustomRegistry();
        builder.Services.AddSingleton(registry);
        builder.Services.AddSingleton<ReadModelRebuild>();
        if (!console.SiloOnly)
        {
            AddGateway(builder.Services, settings, device);
        }

        builder.Services.AddTalregApi(new TalregApiOptions
        {
            Tenant = settings.Tenant,
            TokenFile = Path.Combine(folder.Path, "tokens.json"),
            BootstrapToken = console.BootstrapToken,
            AnnounceToken = console.AnnounceToken,
            Registry = registry,
        });
        var app = builder.Build();
        app.MapTalregApi();
        return app;
    }

    private static void AddSilo(WebApplicationBuilder builder, RecorderSettings settings, DataFolder folder)
    {
        var grains = new GrainsOptions();
        grains.PolicyByInterface[settings.Interface] = settings.Policy;
        builder.Services.AddSingleton(grains);
        builder.Services.AddSingleton(new LedgerOptions { Directory = folder.Sub("ledger") });
        builder.Services.AddSingleton<ILogKeySource, LogKeySource>();
        builder.Host.UseOrleans(silo =>
        {
            // Two recorders on one machine must not find each other on Orleans' default ports.
            silo.UseLocalhostClustering(
                FreePort(), FreePort(), serviceId: "talreg", clusterId: Guid.NewGuid().ToString("N"));
            silo.Configure<EndpointOptions>(endpoint => endpoint.AdvertisedIPAddress = IPAddress.Loopback);
            silo.Services.AddTalregSqliteStorage(
                new SqliteDatabaseOptions { Path = Path.Combine(folder.Path, "state.db") });
        });
    }

    private static void AddGateway(IServiceCollection services, RecorderSettings settings, UdpDevice device)
    {
        services.AddSingleton(new Gateway.GatewayOptions
        {
            Tenant = settings.Tenant,
            Site = settings.Site,
            Gateway = settings.Gateway,
            Interface = settings.Interface,
            Sip = settings.Sip,
            SipAlso = settings.SipAlso,
            SipTls = settings.SipTls,
            SipAccess = settings.SipAccess,
            Codecs = settings.Codecs,
            SrtpKeysInClear = settings.SrtpKeysInClear,
            Lines = settings.Lines,
            MediaTimeout = settings.MediaTimeout,
            Scrub = settings.ScrubBytesPerSecond == 0
                ? null
                : new ScrubOptions
                {
                    StateFile = Path.Combine(settings.Data, "scrub.json"),
                    BytesPerSecond = settings.ScrubBytesPerSecond,
                    Every = settings.ScrubEvery,
                },
        });
        services.AddSingleton(settings);
        services.AddSingleton(device);
        services.AddSingleton<GatewayNode>();
        services.AddSingleton<ILiveMedia, LiveMedia>();
        services.AddSingleton<RecorderMetrics>();
        services.AddHostedService<GatewayService>();
        services.AddSingleton<Housekeeping>();
        services.AddHostedService(provider => provider.GetRequiredService<Housekeeping>());
        services.AddHealthChecks().AddCheck<GatewayHealth>("gateway", HealthStatus.Unhealthy);
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
