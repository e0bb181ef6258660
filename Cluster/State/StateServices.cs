using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.State.Search;

namespace Talreg.State;

/// <summary>Puts the embedded database, grain storage and the read model into a container.</summary>
public static class StateServices
{
    /// <summary>
    /// Adds the database (opened when first asked for, closed with the container), the grain storage
    /// <see cref="SqliteGrainStorage.Name"/> and <see cref="ICallIndex"/>. In a silo: <c>siloBuilder.Services</c>.
    /// </summary>
    public static IServiceCollection AddTalregSqliteStorage(
        this IServiceCollection services, SqliteDatabaseOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.TryAddSingleton(_ => SqliteDatabase.Open(options));
        services.TryAddSingleton<ICallIndex>(provider =>
            new SqliteCallIndex(provider.GetRequiredService<SqliteDatabase>()));
        services.TryAddSingleton<OrleansGrainStorageSerializer>();
        services.AddKeyedSingleton<IGrainStorage>(
            SqliteGrainStorage.Name,
            (provider, _) => new SqliteGrainStorage(
                provider.GetRequiredService<SqliteDatabase>(),
                provider.GetRequiredService<OrleansGrainStorageSerializer>(),
                provider.GetRequiredService<IActivatorProvider>()));
        services.TryAddSingleton(provider =>
            (IStateExpiry)provider.GetRequiredKeyedService<IGrainStorage>(SqliteGrainStorage.Name));
        return services;
    }
}
