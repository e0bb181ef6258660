using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Configuration;
using Prometheus;
using Talreg.Contracts;
using Talreg.Api;
using Talreg.Api.Access;
using Talreg.Api.Recordings;
using Talreg.Gateway;
using Talreg.Grains;
using Talreg.Grains.Ledger;
using Talreg.Grains.Policies;
using Talreg.Silo.Options;
using Talreg.Silo.Recordings;
using Talreg.State;
using Talreg.Store;

namespace Talreg.Silo.Hosting;

/// <summary>How a recorder is shown to whoever started it.</summary>
internal sealed record RecorderConsole
{
    /// <summary>The administrator's token, preset; null draws one at the first start.</summary>
    public string? BootstrapToken { get; init; }

    /// <summary>The token of auditors; null for none.</summary>
    public string? AuditorToken { get; init; }

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
internal sealed class RecorderHost : ProgramHost
{
    private readonly GatewayParts _parts;

    private RecorderHost(GatewayParts parts, WebApplication app)
        : base(app) => _parts = parts;

    /// <summary>The gateway.</summary>
    public GatewayNode Gateway => Services.GetRequiredService<GatewayNode>();

    /// <summary>Opens everything up to, but not including, the network.</summary>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public static async Task<RecorderHost> OpenAsync(
        RecorderSettings settings, RecorderConsole console, CancellationToken cancellationToken)
    {
        if (settings.Cluster.Given is { } key)
        {
            // Whoever names a database or a certificate expects more than one process on its own file gives.
            throw new StartRefusedException($"{key} is for 'talreg silo' and 'talreg gateway'; this is all in one.");
        }

        var parts = await GatewayParts.OpenAsync(settings, hears: !console.SiloOnly, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            return new RecorderHost(parts, Build(settings, console, parts));
        }
        catch (Exception e) when (e is StoreException or AccessTokensException or IOException
            or UnauthorizedAccessException or CryptographicException)
        {
            await parts.DisposeAsync().ConfigureAwait(false);
            throw new StartRefusedException(e.Message);
        }
    }

    /// <inheritdoc />
    protected override ValueTask CloseAsync() => _parts.DisposeAsync();

    private static WebApplication Build(RecorderSettings settings, RecorderConsole console, GatewayParts parts)
    {
        var builder = CreateBuilder(
            console.LogLevel, console.SiloOnly ? new IPEndPoint(IPAddress.Loopback, 0) : settings.Http);
        parts.AddTo(builder.Services);
        builder.Services.AddSingleton<ITakes, LocalTakes>();
        builder.Services.AddSingleton<IRecordedMedia, RecordedMedia>();
        AddSilo(builder, settings, parts.Folder);
        var registry = Metrics.NewCustomRegistry();
        builder.Services.AddSingleton(registry);
        builder.Services.AddSingleton<ReadModelRebuild>();
        if (!console.SiloOnly)
        {
            parts.AddGateway(builder.Services, settings);
            builder.Services.AddSingleton<ILiveMedia, LiveMedia>();
            builder.Services.AddSingleton<Housekeeping>();
            builder.Services.AddHostedService(provider => provider.GetRequiredService<Housekeeping>());
            builder.Services.AddHealthChecks().AddCheck<GatewayHealth>("gateway", HealthStatus.Unhealthy);
            LedgerKeeping.AddTo(builder.Services, settings);
        }

        builder.Services.AddTalregApi(new TalregApiOptions
        {
            Tenant = settings.Tenant,
            TokenFile = Path.Combine(parts.Folder.Path, "tokens.json"),
            BootstrapToken = console.BootstrapToken,
            AnnounceToken = console.AnnounceToken,
            AuditorToken = console.AuditorToken,
            LedgerDirectory = parts.Folder.Sub("ledger"),
            LedgerIsPublic = settings.Ledger.IsPublic,
            Registry = registry,
        });
        var app = builder.Build();
        app.MapTalregApi();
        return app;
    }

    private static void AddSilo(WebApplicationBuilder builder, RecorderSettings settings, DataFolder folder)
    {
        var grains = new GrainsOptions { PolicyApproval = settings.PolicyApproval };
        grains.PolicyByInterface[settings.Interface] = settings.Policy;
        builder.Services.AddSingleton(grains);
        builder.Services.AddSingleton(LedgerKeeping.Options(folder.Sub("ledger"), settings));
        builder.Services.AddSingleton<ILogKeySource, LogKeySource>();
        builder.Host.UseOrleans(silo =>
        {
            // Two recorders on one machine must not find each other on Orleans' default ports.
            silo.UseLocalhostClustering(
                FreePort(), FreePort(), serviceId: "talreg", clusterId: Guid.NewGuid().ToString("N"));
            silo.Configure<EndpointOptions>(endpoint => endpoint.AdvertisedIPAddress = IPAddress.Loopback);
            silo.AddStartupTask((services, _) => services.GetRequiredService<IGrainFactory>()
                .GetGrain<IPolicyDecisionGrain>(Names.Key(settings.Tenant, settings.Policy)).ReadyAsync());
            silo.Services.AddTalregSqliteStorage(
                new SqliteDatabaseOptions { Path = Path.Combine(folder.Path, "state.db") });
        });
    }
}
