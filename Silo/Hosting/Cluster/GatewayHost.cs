using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Prometheus;
using Talreg.Contracts;
using Talreg.Gateway;
using Talreg.Silo.Options;
using Talreg.Silo.Reading;
using Talreg.Store;
using Talreg.Store.Reading;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>
/// A gateway of a cluster: SIP, media and journal of its node, and a client of the silos. It records whatever becomes of them. HTTP
/// is metrics and health, for this machine.
/// </summary>
internal sealed class GatewayHost : ProgramHost
{
    private readonly GatewayParts _parts;

    private GatewayHost(GatewayParts parts, WebApplication app)
        : base(app) => _parts = parts;

    /// <summary>The gateway.</summary>
    public GatewayNode Gateway => Services.GetRequiredService<GatewayNode>();

    /// <summary>Opens everything up to, but not including, the network.</summary>
    /// <exception cref="SettingsException">A key that a gateway needs is missing, or HTTP is not on this machine.</exception>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public static async Task<GatewayHost> OpenAsync(
        RecorderSettings settings, RecorderConsole console, CancellationToken cancellationToken)
    {
        SiloHost.Need(SettingKey.Database, settings.Cluster.Database);
        if (!IPAddress.IsLoopback(settings.Http.Address))
        {
            throw new SettingsException(
                SettingKey.Http.Name,
                settings.Http.ToString(),
                "a loopback address: a gateway serves metrics and health there, without tokens");
        }

        if (settings.Cluster.FloatingAddress is { } floating && floating.Obstacle() is { } obstacle)
        {
            throw new StartRefusedException($"{SettingKey.FloatingAddress.Name} holds '{floating}', but {obstacle}.");
        }

        var tls = settings.Cluster.Tls is { } files ? ClusterTls.Load(files) : null;
        var reading = new ReadingOptions(WithPort(settings.Cluster.Reading), tls);
        PortCheck.RequireStream(SettingKey.Reading, reading.Listen);
        var parts = await GatewayParts.OpenAsync(settings, hears: true, cancellationToken).ConfigureAwait(false);
        try
        {
            return new GatewayHost(parts, Build(settings, console, parts, reading));
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            await parts.DisposeAsync().ConfigureAwait(false);
            throw new StartRefusedException(e.Message);
        }
    }

    /// <inheritdoc />
    protected override ValueTask CloseAsync() => _parts.DisposeAsync();

    private static WebApplication Build(
        RecorderSettings settings, RecorderConsole console, GatewayParts parts, ReadingOptions reading)
    {
        var builder = CreateBuilder(console.LogLevel, settings.Http);
        var registry = Metrics.NewCustomRegistry();
        builder.Services.AddSingleton(registry);
        parts.AddTo(builder.Services);
        var cluster = new ClusterConnection();
        builder.Services.AddSingleton(cluster);
        builder.Host.UseOrleansClient(
            client => ClusterOrleans.Configure(client, settings.Cluster, reading.Tls, cluster.NoteFailure));
        builder.Services.AddHostedService<ClusterJoin>();
        parts.AddGateway(builder.Services, settings);
        AddReading(builder.Services, reading, settings.Gateway);
        builder.Services.AddHealthChecks().AddCheck<GatewayHealth>("gateway", HealthStatus.Unhealthy);
        var app = builder.Build();
        cluster.Logger = app.Services.GetRequiredService<ILogger<ClusterConnection>>();
        app.MapGet("/health/live", static () => Results.Text("live\n"));
        app.MapHealthChecks("/health/ready");
        app.MapMetrics("/metrics", registry);
        return app;
    }

    private static void AddReading(IServiceCollection services, ReadingOptions reading, string gateway)
    {
        // A gateway goes on recording when silos can no longer read it.
        services.Configure<HostOptions>(host =>
            host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore);
        services.AddSingleton(reading);
        services.AddSingleton(new TicketDesk(gateway, TimeProvider.System));
        services.AddSingleton(provider => new ReadingServer(
            reading,
            provider.GetRequiredService<TicketDesk>(),
            provider.GetRequiredService<RecordingStore>(),
            () => provider.GetRequiredService<GatewayNode>().Counters.Shedding,
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService(provider => provider.GetRequiredService<ReadingServer>());
        services.AddHostedService<ReadingMetrics>();
        services.AddHostedService<ReadingAnnouncer>();
    }
}

/// <summary>Tells that the cluster's silos cannot be reached, as long as they cannot.</summary>
internal sealed class ClusterConnection
{
    /// <summary>Where it is told; null before there is a log.</summary>
    public ILogger<ClusterConnection>? Logger { get; set; }

    /// <summary>No silo could be reached.</summary>
    public void NoteFailure(Exception exception) => Logger?.NoSilo(exception.Message);
}

/// <summary>
/// Holds a gateway's start until the cluster answers for its interface and its ledger: a first start needs both, to learn its epoch
/// and to declare itself. A gateway that runs needs neither.
/// </summary>
internal sealed class ClusterJoin(
    IGrainFactory grains, GatewayOptions gateway, TimeProvider clock, ILogger<ClusterJoin> logger) : IHostedService
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (!await AnswersAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(AskEvery, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<Contracts.Gateways.IInterfaceGrain>(Names.Key(gateway.Tenant, gateway.Interface))
                .GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            await grains.GetGrain<Contracts.Ledger.ILedgerGrain>(gateway.Tenant)
                .GetCheckpointAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RefusalException)
        {
            logger.ClusterNotReady(e.Message);
            return false;
        }
    }
}
