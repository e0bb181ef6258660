using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Talreg.State.Tests;

/// <summary>A database in a folder of its own, gone with the test.</summary>
internal sealed class TemporaryDatabase : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-state-").FullName;
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public TemporaryDatabase() => Database = SqliteDatabase.Open(Options);

    public SqliteDatabase Database { get; private set; }

    public SqliteDatabaseOptions Options => new() { Path = Path.Combine(_folder, "state.db") };

    public SqliteGrainStorage Storage => Create(Database, _services);

    public static SqliteGrainStorage Create(SqliteDatabase database, IServiceProvider services) => new(
        database,
        new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>()),
        services.GetRequiredService<IActivatorProvider>());

    public void Reopen()
    {
        Database.Dispose();
        Database = SqliteDatabase.Open(Options);
    }

    public void Dispose()
    {
        Database.Dispose();
        _services.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
