using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Talreg.State;

/// <summary>The one thread that writes: it takes what waits, commits it together, then tells each caller.</summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteSession _session;
    private readonly SqliteDatabaseOptions _options;
    private readonly SemaphoreSlim _places;
    private readonly BlockingCollection<SqliteWrite> _queue = new(new ConcurrentQueue<SqliteWrite>());
    private readonly List<SqliteWrite> _batch;
    private readonly List<SqliteWrite> _failed = [];
    private readonly Thread _thread;
    private volatile StateStorageException? _fence;
    private long _writes;
    private long _commits;
    private long _failures;
    private int _largestBatch;

    public SqliteWriter(SqliteSession session, SqliteDatabaseOptions options)
    {
        _session = session;
        _options = options;
        _places = new SemaphoreSlim(options.MaxQueuedWrites, options.MaxQueuedWrites);
        _batch = new List<SqliteWrite>(options.MaxWritesPerCommit);
        _thread = new Thread(Run) { IsBackground = true, Name = "talreg-sqlite" };
        _thread.Start();
    }

    public SqliteStatistics Statistics => new(
        Interlocked.Read(ref _writes),
        Interlocked.Read(ref _commits),
        Volatile.Read(ref _largestBatch),
        Interlocked.Read(ref _failures));

    public async Task<T> WriteAsync<T>(Func<SqliteSession, T> write, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        var request = new SqliteWrite<T>(write);
        try
        {
            _queue.Add(request, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new StateStorageException("The database is closed.");
        }

        // Once queued it runs: whoever stops waiting cannot know whether it was stored.
        return await request.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes what is queued, then ends the thread. The session stays the owner's.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
        _places.Dispose();
    }

    private void Run()
    {
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            _batch.Add(first);
            while (_batch.Count < _options.MaxWritesPerCommit && _queue.TryTake(out var next))
            {
                _batch.Add(next);
            }

            var taken = _batch.Count;
            if (_fence is { } fence)
            {
                FailBatch(fence);
            }
            else
            {
                Commit();
            }

            _batch.Clear();
            _failed.Clear();
            _places.Release(taken);
        }
    }

    private void Commit()
    {
        try
        {
            _session.Execute("BEGIN IMMEDIATE");
            foreach (var write in _batch)
            {
                RunOne(write);
            }

            _session.Execute("COMMIT");
        }
        catch (SqliteException exception)
        {
            var reason = new StateStorageException($"The commit failed: {exception.Message}");

            // After a failed sync nobody knows what the kernel still holds: no write is acknowledged until a new open.
            if (exception.SqliteErrorCode is raw.SQLITE_IOERR or raw.SQLITE_CORRUPT)
            {
                _fence = new StateStorageException(
                    $"The database is fenced until it is opened again: {exception.Message}");
            }

            Rollback();
            FailBatch(reason);
            return;
        }

        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _writes, _batch.Count - _failed.Count);
        Volatile.Write(ref _largestBatch, Math.Max(_largestBatch, _batch.Count));
        foreach (var write in _batch)
        {
            // A write that failed on its own has been told; completing it again has no effect.
            write.Complete();
        }
    }

    /// <summary>A write that fails takes back only what it did itself.</summary>
    private void RunOne(SqliteWrite write)
    {
        _session.Execute("SAVEPOINT one");
        try
        {
            write.Run(_session);
            _session.Execute("RELEASE one");
        }
        catch (Exception exception) when (IsOpen(exception))
        {
            _session.Execute("ROLLBACK TO one");
            _session.Execute("RELEASE one");
            _failed.Add(write);
            Interlocked.Increment(ref _failures);
            write.Fail(exception is SqliteException ? new StateStorageException(exception.Message) : exception);
        }
    }

    /// <summary>False when SQLite has rolled the whole transaction back, which then fails the batch.</summary>
    private bool IsOpen(Exception exception) =>
        exception is not SqliteException || raw.sqlite3_get_autocommit(_session.Connection.Handle) == 0;

    private void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_session.Connection.Handle) != 0)
        {
            return;
        }

        try
        {
            _session.Execute("ROLLBACK");
        }
        catch (SqliteException exception)
        {
            _fence = new StateStorageException($"The database is fenced: it cannot roll back: {exception.Message}");
        }
    }

    private void FailBatch(StateStorageException reason)
    {
        Interlocked.Add(ref _failures, _batch.Count - _failed.Count);
        foreach (var write in _batch)
        {
            write.Fail(reason);
        }
    }
}
