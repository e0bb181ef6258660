using System.Globalization;
using Dapper;
using Npgsql;

namespace Talreg.State.Postgres;

/// <summary>
/// Brings a database to this program's schema: in one transaction under an advisory lock, so that of many processes that
/// start together one changes it and the others find it changed. What was applied is kept with its hash.
/// </summary>
internal static class PostgresSchema
{
    // "TALRSCHM": nobody else's lock in a database that is ours.
    private const long LockKey = 0x54414C5253434847;

    /// <summary>Applies what is missing; nothing when nothing is.</summary>
    /// <param name="source">Where.</param>
    /// <param name="steps">The program's migrations.</param>
    /// <param name="timeout">How long to wait while another process changes the schema.</param>
    /// <param name="cancellationToken">Takes everything back.</param>
    /// <exception cref="StateVersionException">The database is newer than this program.</exception>
    /// <exception cref="StateCorruptException">It holds other tables of these names, or other steps than this
    /// program's.</exception>
    /// <exception cref="StateStorageException">It cannot be reached or changed.</exception>
    public static async Task ApplyAsync(
        NpgsqlDataSource source,
        IReadOnlyList<PostgresMigration> steps,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        try
        {
            var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                await ApplyAsync(connection, steps, timeout, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DuplicateTable)
        {
            throw new StateCorruptException(
                $"Database '{Name(source)}' holds tables that are not Talreg's: {e.MessageText}. Give it an empty one.");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new StateStorageException(string.Create(
                CultureInfo.InvariantCulture,
                $"Another process has been changing the schema of '{Name(source)}' for {timeout.TotalSeconds} s."));
        }
        catch (NpgsqlException e)
        {
            throw new StateStorageException($"Database '{Name(source)}' cannot be used: {e.Message}");
        }
    }

    private static async Task ApplyAsync(
        NpgsqlConnection connection,
        IReadOnlyList<PostgresMigration> steps,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var rollback = transaction.ConfigureAwait(false);
        await RunAsync(
            "SELECT set_config('lock_timeout', @Milliseconds, true)",
            new
            {
                Milliseconds = ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture),
            }).ConfigureAwait(false);
        await RunAsync("SELECT pg_advisory_xact_lock(@LockKey)", new { LockKey }).ConfigureAwait(false);
        await RunAsync(
            """
            CREATE TABLE IF NOT EXISTS talreg_schema(
                version integer PRIMARY KEY,
                name text NOT NULL,
                sha256 text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now())
            """).ConfigureAwait(false);
        var applied = (await connection.QueryAsync<Applied>(Command(
            "SELECT version, name, sha256 FROM talreg_schema ORDER BY version")).ConfigureAwait(false)).AsList();
        Check(connection.Database, applied, steps);
        foreach (var step in steps.Skip(applied.Count))
        {
            await RunAsync(step.Sql).ConfigureAwait(false);
            await RunAsync(
                "INSERT INTO talreg_schema(version, name, sha256) VALUES(@Version, @Name, @Hash)",
                new { step.Version, step.Name, step.Hash }).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);

        // The wait for the lock has its own limit; a step over many rows may take what it takes.
        CommandDefinition Command(string sql, object? values = null) =>
            new(sql, values, transaction, commandTimeout: 0, cancellationToken: cancellationToken);

        Task RunAsync(string sql, object? values = null) => connection.ExecuteAsync(Command(sql, values));
    }

    private static void Check(string database, List<Applied> applied, IReadOnlyList<PostgresMigration> steps)
    {
        if (applied.Count > steps.Count)
        {
            throw new StateVersionException(string.Create(
                CultureInfo.InvariantCulture,
                $"Database '{database}' has schema version {applied[^1].Version}; this program knows up to "
                + $"{steps.Count}. Start a newer one."));
        }

        foreach (var (done, step) in applied.Zip(steps))
        {
            if (done.Version != step.Version || done.Sha256 != step.Hash)
            {
                throw new StateCorruptException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Step {done.Version} ({done.Name}) of the schema of '{database}' is not the one this program "
                    + $"has: it was made by another build, or changed by hand."));
            }
        }
    }

    private static string Name(NpgsqlDataSource source) =>
        new NpgsqlConnectionStringBuilder(source.ConnectionString).Database ?? "";

    private sealed record Applied(int Version, string Name, string Sha256);
}
