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
            opened = true;
            return new PostgresDatabase(options, source);
        }
        finally
        {
            if (!opened)
            {
                await source.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
