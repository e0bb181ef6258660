using Dapper;
using Npgsql;

namespace Talreg.State.Postgres;

/// <summary>The cluster's database with its schema up to date. Safe on every thread.</summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    private PostgresDatabase(PostgresOptions options, NpgsqlDataSource source)
    {
        Options = options;
        Source = source;
    }

    /// <summary>The version of the schema that this program writes.</summary>
    public static int SchemaVersion => PostgresMigration.Load().Count;

    /// <summary>Where it is.</summary>
    internal PostgresOptions Options { get; }

    /// <summary>Connections of the read model.</summary>
    internal NpgsqlDataSource Source { get; }

    /// <summary>Opens the database, checks it and brings its schema up to date. Many processes may do so at once.</summary>
    /// <exception cref="StateVersionException">A newer program changed it.</exception>
    /// <exception cref="StateCorruptException">It holds tables that are not Talreg's.</exception>
    /// <exception cref="StateStorageException">It cannot be reached.</exception>
    public static async Task<PostgresDatabase> OpenAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var source = NpgsqlDataSource.Create(options.IndexConnectionString);
        var opened = false;
        try
        {
            await PostgresSchema
                .ApplyAsync(source, PostgresMigration.Load(), options.SchemaTimeout, cancellationToken)
                .ConfigureAwait(false);
            var database = new PostgresDatabase(options, source);
            await database.ClaimAsync(cancellationToken).ConfigureAwait(false);
            opened = true;
            return database;
        }
        finally
        {
            if (!opened)
            {
                await source.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Returns when the database has answered.</summary>
    /// <exception cref="StateStorageException">It cannot.</exception>
    public Task PingAsync(CancellationToken cancellationToken) => RunAsync(
        connection => connection.ExecuteAsync(new CommandDefinition("SELECT 1", cancellationToken: cancellationToken)),
        cancellationToken);

    /// <summary>Runs statements on a connection of the read model's.</summary>
    /// <exception cref="StateStorageException">The database failed.</exception>
    internal async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return await run(connection).ConfigureAwait(false);
            }
        }
        catch (NpgsqlException e)
        {
            throw new StateStorageException($"The cluster's database failed: {e.Message}");
        }
    }

    // The first silo of a cluster gives the database its name.
    private async Task ClaimAsync(CancellationToken cancellationToken)
    {
        var owner = await RunAsync(
            connection => connection.QuerySingleAsync<string>(new CommandDefinition(
                """
                INSERT INTO talreg_cluster(name) VALUES(@Cluster) ON CONFLICT DO NOTHING;
                SELECT name FROM talreg_cluster
                """,
                new { Options.Cluster },
                cancellationToken: cancellationToken)),
            cancellationToken).ConfigureAwait(false);
        if (owner != Options.Cluster)
        {
            throw new StateCorruptException(
                $"The database holds the state of cluster '{owner}', not of '{Options.Cluster}'. Give it another one.");
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
