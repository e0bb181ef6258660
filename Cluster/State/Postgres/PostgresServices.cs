using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using Talreg.Contracts.Calls;

namespace Talreg.State.Postgres;

/// <summary>Puts the cluster's database into a silo, or where the silos are into a client of theirs.</summary>
public static class PostgresServices
{
    // The name by which Orleans' provider factory finds Npgsql.
    private const string Invariant = "Npgsql";

    // The provider behind ours; grains do not ask for it.
    private const string Provider = "talreg-adonet";

    /// <summary>
    /// Membership, reminders, the grain storage <see cref="SqliteGrainStorage.Name"/> and <see cref="ICallIndex"/> on the
    /// database, which stays the caller's.
    /// </summary>
    public static ISiloBuilder UseTalregPostgres(this ISiloBuilder silo, PostgresDatabase database)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(database);
        var connection = database.Options.StateConnectionString;
        silo.UseAdoNetClustering(clustering =>
        {
            clustering.Invariant = Invariant;
            clustering.ConnectionString = connection;
        });
        silo.UseAdoNetReminderService(reminders =>
        {
            reminders.Invariant = Invariant;
            reminders.ConnectionString = connection;
        });
        silo.Services.TryAddSingleton<OrleansGrainStorageSerializer>();
        silo.Services.TryAddSingleton<StatePayload>();
        silo.AddAdoNetGrainStorage(Provider, options => options.Configure<StatePayload>((storage, payload) =>
        {
            storage.Invariant = Invariant;
            storage.ConnectionString = connection;
            storage.GrainStorageSerializer = payload;
        }));
        silo.Services.AddKeyedSingleton<IGrainStorage>(
            SqliteGrainStorage.Name,
            (provider, _) => new PostgresGrainStorage(
                provider.GetRequiredKeyedService<IGrainStorage>(Provider),
                provider.GetRequiredService<IActivatorProvider>()));
        silo.Services.TryAddSingleton<ICallIndex>(_ => new PostgresCallIndex(database));
        return silo;
    }

    /// <summary>Lets a client find the silos in the database. It does not look at the schema: silos do.</summary>
    public static IClientBuilder UseTalregPostgres(this IClientBuilder client, PostgresOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        return client.UseAdoNetClustering(clustering =>
        {
            clustering.Invariant = Invariant;
            clustering.ConnectionString = options.ClientConnectionString;
        });
    }
}
