using Talreg.Contracts.Calls;
using Talreg.State.Postgres;
using Talreg.TestKit.State;

namespace Talreg.State.Tests.Postgres;

/// <summary>The conformance suite on PostgreSQL.</summary>
public sealed class PostgresCallIndexTests(PostgresCallIndexTests.Opened opened)
    : CallIndexConformance, IClassFixture<PostgresCallIndexTests.Opened>, IAsyncLifetime
{
    private PostgresCallIndex? _index;

    protected override ICallIndex Index => _index!;

    public async ValueTask InitializeAsync()
    {
        _index = new PostgresCallIndex(await opened.OpenAsync());
        await _index.ClearAsync(Token);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>One database for the tests of this class.</summary>
    public sealed class Opened(PostgresServer server) : IAsyncDisposable
    {
        private PostgresDatabase? _database;

        public async Task<PostgresDatabase> OpenAsync() => _database ??= await PostgresDatabase.OpenAsync(
            new PostgresOptions { ConnectionString = await server.CreateDatabaseAsync(CancellationToken.None) },
            CancellationToken.None);

        public async ValueTask DisposeAsync()
        {
            if (_database is { } database)
            {
                await database.DisposeAsync();
            }
        }
    }
}
