using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Talreg.State;

/// <summary>The tables, one step per version. A released step is never edited: the next one is added.</summary>
internal static class SqliteSchema
{
    /// <summary>"TALR": tells our files from other programs' databases.</summary>
    public const int ApplicationId = 0x54414C52;

    private static readonly string[] Steps =
    [
        """
        CREATE TABLE grain_state(
            name TEXT NOT NULL, grain TEXT NOT NULL,
            incarnation INTEGER NOT NULL, version INTEGER NOT NULL,
            format INTEGER NOT NULL, payload BLOB NOT NULL,
            UNIQUE(name, grain)) STRICT;
        CREATE TABLE calls(
            tenant TEXT NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,
            started_at INTEGER NOT NULL, ended_at INTEGER, document TEXT NOT NULL,
            UNIQUE(tenant, id)) STRICT;
        CREATE INDEX calls_by_start ON calls(tenant, started_at DESC, id);
        CREATE TABLE call_channels(
            tenant TEXT NOT NULL, channel TEXT NOT NULL, call TEXT NOT NULL,
            PRIMARY KEY(tenant, channel, call)) STRICT, WITHOUT ROWID;
        CREATE INDEX call_channels_by_call ON call_channels(tenant, call);
        CREATE TABLE call_parties(
            tenant TEXT NOT NULL, value TEXT NOT NULL, call TEXT NOT NULL,
            PRIMARY KEY(tenant, value, call)) STRICT, WITHOUT ROWID;
        CREATE INDEX call_parties_by_call ON call_parties(tenant, call);
        """,

        // Session rows of before said nothing of their end: they get the time of one whose end nobody told.
        """
        ALTER TABLE grain_state ADD COLUMN due_at INTEGER;
        CREATE INDEX grain_state_by_due ON grain_state(due_at) WHERE due_at IS NOT NULL;
        UPDATE grain_state SET due_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 2592000000
            WHERE name = 'session';
        """,
    ];

    /// <summary>The version this program writes.</summary>
    public static int Version => Steps.Length;

    /// <summary>Brings the database to <see cref="Version"/>, in one transaction.</summary>
    /// <exception cref="StateVersionException">It is newer than this program.</exception>
    /// <exception cref="StateCorruptException">It is another program's.</exception>
    public static void Apply(SqliteConnection connection, string path)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        var version = Scalar(connection, transaction, "PRAGMA user_version");
        var owner = Scalar(connection, transaction, "PRAGMA application_id");
        var tables = Scalar(connection, transaction, "SELECT count(*) FROM sqlite_schema");
        if (owner != ApplicationId && (owner != 0 || version != 0 || tables != 0))
        {
            throw new StateCorruptException($"'{path}' is a database of another program.");
        }

        if (version > Version)
        {
            throw new StateVersionException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{path}' has schema version {version}; this program knows up to {Version}. Start a newer one."));
        }

        if (version < Version)
        {
            for (var step = (int)version; step < Steps.Length; step++)
            {
                Execute(connection, transaction, Steps[step]);
            }

            Execute(connection, transaction, string.Create(
                CultureInfo.InvariantCulture,
                $"PRAGMA user_version = {Version}; PRAGMA application_id = {ApplicationId}"));
        }

        transaction.Commit();
    }

    private static long Scalar(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
