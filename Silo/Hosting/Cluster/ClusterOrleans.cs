using Orleans.Configuration;
using Talreg.Silo.Options;
using Talreg.State.Postgres;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>How Orleans is set in a cluster: whose silos meet, how soon a dead one is known, how long callers wait.</summary>
internal static class ClusterOrleans
{
    /// <summary>Names the rows of the cluster's state; a database holds one cluster's.</summary>
    private const string ServiceId = "talreg";

    // With these a killed silo's grains answer elsewhere after about 2 s and a frozen one's after 2.5 s; a pause of 2 s, as a
    // collection may bring, is lived through. With Orleans' own, a frozen silo is known after a minute.
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestProbe = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan LongestProbe = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(10);

    // How long the directory waits for a silo that died before others take over its range.
    private static readonly TimeSpan DirectoryLease = TimeSpan.FromSeconds(4);

    // Whoever calls through a client tries again, with the same idempotency key.
    private static readonly TimeSpan ClientWaits = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SilosEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(2);

    /// <summary>Makes a silo one of the cluster.</summary>
    public static void Configure(
        ISiloBuilder silo, ClusterSettings settings, PostgresDatabase database, ClusterTls? tls)
    {
        silo.Configure<ClusterOptions>(cluster => Name(cluster, settings));
        silo.Configure<EndpointOptions>(endpoint =>
        {
            endpoint.AdvertisedIPAddress = settings.Silo.Address;
            endpoint.SiloPort = settings.Silo.Port;
            endpoint.GatewayPort = settings.SiloClients.Port;
            endpoint.SiloListeningEndpoint = settings.Silo;
            endpoint.GatewayListeningEndpoint = settings.SiloClients;
        });
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = Probe;
            membership.MinProbeTimeout = ShortestProbe;
            membership.MaxProbeTimeout = LongestProbe;
            membership.NumMissedProbesLimit = 3;
            membership.NumVotesForDeathDeclaration = 2;
            membership.IAmAliveTablePublishTimeout = AliveEvery;
            membership.TableRefreshTimeout = RefreshEvery;

            // A frozen process's connections look alive for as long as its kernel answers.
            membership.EnableConnectionLivenessCheck = false;
        });
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = DirectoryLease);

        // Orleans' default directory deactivates healthy grains of the silos that remain when one dies.
        silo.AddDistributedGrainDirectory();
        silo.UseTalregPostgres(database);
        if (tls is not null)
        {
            silo.Configure<SiloConnectionOptions>(connection =>
            {
                connection.ConfigureSiloInboundConnection(builder => builder.UseMiddleware(tls.Inbound));
                connection.ConfigureSiloOutboundConnection(builder => builder.UseMiddleware(tls.Outbound));
                connection.ConfigureGatewayInboundConnection(builder => builder.UseMiddleware(tls.Inbound));
            });
        }
    }

    /// <summary>Makes a process a client of the cluster's silos; it waits for the first one as long as it takes.</summary>
    /// <param name="client">The client.</param>
    /// <param name="settings">Which cluster.</param>
    /// <param name="tls">Certificates; null lets it talk to silos on loopback only.</param>
    /// <param name="waiting">Told each time that no silo could be reached.</param>
    public static void Configure(
        IClientBuilder client, ClusterSettings settings, ClusterTls? tls, Action<Exception> waiting)
    {
        client.Configure<ClusterOptions>(cluster => Name(cluster, settings));
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = ClientWaits);
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = SilosEvery);
        client.Configure<ConnectionOptions>(connection => connection.OpenConnectionTimeout = ConnectWithin);
        client.UseTalregPostgres(new PostgresOptions { ConnectionString = settings.Database! });
        client.UseConnectionRetryFilter(async (exception, cancellationToken) =>
        {
            waiting(exception);
            await Task.Delay(SilosEvery, cancellationToken).ConfigureAwait(false);
            return true;
        });
        client.Configure<ClientConnectionOptions>(connection => connection.ConfigureConnection(
            builder => builder.UseMiddleware(tls is null ? new LoopbackOnly() : tls.Outbound)));
    }

    private static void Name(ClusterOptions cluster, ClusterSettings settings)
    {
        cluster.ClusterId = settings.Id;
        cluster.ServiceId = ServiceId;
    }
}
