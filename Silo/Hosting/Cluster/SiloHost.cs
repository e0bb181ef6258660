using System.Security.Cryptography;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Prometheus;
using Talreg.Api;
using Talreg.Api.Access;
using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Evidence.Keys;
using Talreg.Evidence.Ledger;
using Talreg.Grains;
using Talreg.Grains.Interfaces;
using Talreg.Grains.Ledger;
using Talreg.Grains.Policies;
using Talreg.Silo.Options;
using Talreg.Silo.Reading;
using Talreg.Silo.Recordings;
using Talreg.State;
using Talreg.State.Postgres;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>
/// A silo of a cluster with API and page: grains on PostgreSQL, no media. It may be killed at any time; the gateways go on
/// recording, and its grains answer on another silo.
/// </summary>
internal sealed class SiloHost : ProgramHost
{
    private readonly DataFolder _folder;
    private readonly RootKey _key;
    private readonly PostgresDatabase _database;

    private SiloHost(
        DataFolder folder, RootKey key, PostgresDatabase database, ClusterSettings cluster, WebApplication app)
        : base(app)
    {
        _folder = folder;
        _key = key;
        _database = database;
        Cluster = cluster;
    }

    /// <summary>The settings in force, with the ports taken.</summary>
    public ClusterSettings Cluster { get; }

    /// <summary>Opens folder, key and database, and brings its schema up to date.</summary>
    /// <exception cref="SettingsException">A key that a silo needs is missing.</exception>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public static async Task<SiloHost> OpenAsync(
        RecorderSettings settings, RecorderConsole console, CancellationToken cancellationToken)
    {
        var cluster = settings.Cluster with
        {
            Database = Need(SettingKey.Database, settings.Cluster.Database),
            Ledger = Need(SettingKey.Ledger, settings.Cluster.Ledger),
            Key = Need(SettingKey.ClusterKey, settings.Cluster.Key),
            Silo = WithPort(settings.Cluster.Silo),
            SiloClients = WithPort(settings.Cluster.SiloClients),
        };
        var tls = cluster.Tls is { } files ? ClusterTls.Load(files) : null;
        var folder = DataFolder.Take(settings.Data);
        RootKey? key = null;
        PostgresDatabase? database = null;
        try
        {
            PortCheck.RequireStream(SettingKey.Http, settings.Http);
            PortCheck.RequireStream(SettingKey.Silo, cluster.Silo);
            PortCheck.RequireStream(SettingKey.SiloClients, cluster.SiloClients);
            key = RootKey.Load(cluster.Key!);
            database = await PostgresDatabase.OpenAsync(
                new PostgresOptions { ConnectionString = cluster.Database!, Cluster = cluster.Id }, cancellationToken)
                .ConfigureAwait(false);
            var app = Build(settings with { Cluster = cluster }, console, folder, key, database, tls);
            return new SiloHost(folder, key, database, cluster, app);
        }
        catch (Exception e) when (e is StartRefusedException or StateStorageException or AccessTokensException
            or IOException or UnauthorizedAccessException or CryptographicException)
        {
            if (database is not null)
            {
                await database.DisposeAsync().ConfigureAwait(false);
            }

            key?.Dispose();
            folder.Dispose();
            throw e as StartRefusedException ?? new StartRefusedException(e.Message);
        }
    }

    /// <summary>What a verb cannot do without.</summary>
    /// <exception cref="SettingsException">It is not given.</exception>
    public static string Need(SettingKey key, string? value) =>
        value ?? throw new SettingsException(key.Name, held: null, key.Allowed);

    /// <inheritdoc />
    protected override async ValueTask CloseAsync()
    {
        await _database.DisposeAsync().ConfigureAwait(false);
        _key.Dispose();
        _folder.Dispose();
    }

    private static WebApplication Build(
        RecorderSettings settings,
        RecorderConsole console,
        DataFolder folder,
        RootKey key,
        PostgresDatabase database,
        ClusterTls? tls)
    {
        var builder = CreateBuilder(console.LogLevel, settings.Http);
        var registry = Metrics.NewCustomRegistry();
        builder.Services.AddSingleton(registry);
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton(_ => TicketKeys.Signer(key));
        builder.Services.AddSingleton(provider => new GrainsOptions
        {
            DefaultPolicy = settings.Policy,
            PolicyApproval = settings.PolicyApproval,
            TicketKey = $"{provider.GetRequiredService<LogSigner>().Verifier}",
        });
        builder.Services.AddSingleton(LedgerKeeping.Options(settings.Cluster.Ledger!, settings));
        builder.Services.AddSingleton<ILogKeySource>(new ClusterLogKeys(key));
        builder.Services.AddSingleton<IHeartbeatKeys>(new ClusterHeartbeatKeys(key));
        builder.Services.AddSingleton(new Spool(folder.Sub("reading")));
        builder.Services.AddSingleton(_ => new ReadingClient(tls));
        builder.Services.AddSingleton<ITakes, GatewayTakes>();
        builder.Services.AddSingleton<IRecordedMedia, RecordedMedia>();
        builder.Host.UseOrleans(silo =>
        {
            ClusterOrleans.Configure(silo, settings.Cluster, database, tls);
            silo.AddStartupTask((services, _) => services.GetRequiredService<IGrainFactory>()
                .GetGrain<IPolicyDecisionGrain>(Names.Key(settings.Tenant, settings.Policy)).ReadyAsync());
        });
        builder.Services.AddHostedService<ProcessMetrics>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>("database", HealthStatus.Unhealthy);
        LedgerKeeping.AddTo(builder.Services, settings);
        builder.Services.AddTalregApi(new TalregApiOptions
        {
            Tenant = settings.Tenant,
            TokenFile = Path.Combine(folder.Path, "tokens.json"),
            BootstrapToken = console.BootstrapToken,
            AnnounceToken = console.AnnounceToken,
            AuditorToken = console.AuditorToken,
            LedgerDirectory = settings.Cluster.Ledger,
            LedgerIsPublic = settings.Ledger.IsPublic,
            Registry = registry,
        });
        var app = builder.Build();
        app.MapTalregApi();
        return app;
    }
}
