using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Talreg.State;

/// <summary>The embedded database: SQLite in WAL mode with <c>synchronous=FULL</c>. Safe on every thread.</summary>
/// <remarks>All writes go through one thread that commits them in groups; reads have connections of their own.</remarks>
public sealed class SqliteDatabase : IDisposable
{
    private readonly SqliteDatabaseOptions _options;
    private readonly SqliteSession _writeSession;
    private readonly SqliteWriter _writer;
    private readonly SemaphoreSlim _readPlaces;
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private int _disposed;

    private SqliteDatabase(SqliteDatabaseOptions options, SqliteSession writeSession)
    {
        _options = options;
        _writeSession = writeSession;
        _writer = new SqliteWriter(writeSession, options);
        _readPlaces = new SemaphoreSlim(options.MaxReaders, options.MaxReaders);
    }

    /// <summary>What the writer has done so far.</summary>
    public SqliteStatistics Statistics => _writer.Statistics;

    /// <summary>Opens or creates the database, checks it and brings its schema up to date.</summary>
    /// <exception cref="StateCorruptException">The file is damaged or another program's.</exception>
    /// <exception cref="StateVersionException">A newer program wrote it.</exception>
    /// <exception cref="StateStorageException">It cannot be opened.</exception>
    public static SqliteDatabase Open(SqliteDatabaseOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.MaxQueuedWrites < 1 || options.MaxWritesPerCommit < 1 || options.MaxReaders < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), "Every maximum is at least 1.");
        }

        var connection = new SqliteConnection(ConnectionString(options, SqliteOpenMode.ReadWriteCreate));
        var session = new SqliteSession(connection);
        try
        {
            session.Connection.Open();
            session.Execute("PRAGMA journal_mode = WAL");
            session.Execute("PRAGMA synchronous = FULL");
            session.Execute("PRAGMA wal_autocheckpoint = 4000");
            if (session.Bind("PRAGMA quick_check(1)").ExecuteScalar() is string verdict && verdict != "ok")
            {
                throw new StateCorruptException($"'{options.Path}' is damaged: {verdict}. Restore it from a backup.");
            }

            SqliteSchema.Apply(session.Connection, options.Path);
            return new SqliteDatabase(options, session);
        }
        catch (SqliteException exception)
        {
            session.Dispose();
            throw exception.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB
                ? new StateCorruptException(
                    $"'{options.Path}' is damaged or not a database: {exception.Message}. Restore it from a backup.")
                : new StateStorageException($"'{options.Path}' cannot be opened: {exception.Message}");
        }
        catch (StateStorageException)
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Writes in the next transaction; completes when it is on stable storage.</summary>
    /// <param name="write">Runs on the writer's thread inside the transaction: short, no waiting. When it throws,
    /// what it wrote is taken back, its caller gets the exception, and other callers' writes stand.</param>
    /// <param name="cancellationToken">Stops waiting. A write that was queued may still be stored.</param>
    /// <exception cref="StateStorageException">Nothing of it was stored.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteSession, T> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(write);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _writer.WriteAsync(write, cancellationToken);
    }

    /// <summary>Reads on a connection of its own, in a snapshot of what is committed.</summary>
    /// <param name="read">Runs on a pool thread.</param>
    /// <param name="cancellationToken">Ends the wait for a connection.</param>
    /// <exception cref="StateStorageException">The read failed.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        await _readPlaces.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Read(read), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _readPlaces.Release();
        }
    }

    /// <summary>Writes what is queued and closes. The caller has ended its reads.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _writer.Dispose();
        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }

        _writeSession.Dispose();
        _readPlaces.Dispose();
    }

    private static string ConnectionString(SqliteDatabaseOptions options, SqliteOpenMode mode) =>
        new SqliteConnectionStringBuilder { DataSource = options.Path, Mode = mode, Pooling = false }.ToString();

    private T Read<T>(Func<SqliteSession, T> read)
    {
        SqliteSession? session = null;
        try
        {
            session = _readers.TryTake(out var pooled) ? pooled : OpenReader();
            var result = read(session);
            _readers.Add(session);
            session = null;
            return result;
        }
        catch (SqliteException exception)
        {
            throw new StateStorageException($"Reading '{_options.Path}' failed: {exception.Message}");
        }
        finally
        {
            session?.Dispose();
        }
    }

    private SqliteSession OpenReader()
    {
        var connection = new SqliteConnection(ConnectionString(_options, SqliteOpenMode.ReadOnly));
        connection.Open();
        return new SqliteSession(connection);
    }
}
