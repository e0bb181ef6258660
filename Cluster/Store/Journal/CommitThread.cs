using System.Diagnostics;

namespace Talreg.Store.Journal;

/// <summary>
/// The thread that syncs. It gathers what its writer wrote during a commit interval, syncs each file once, and only then
/// publishes progress. A failed sync is never tried again, because the kernel may have dropped the pages: everything not
/// confirmed goes back to the writer, who writes it elsewhere.
/// </summary>
internal sealed class CommitThread : IDisposable
{
    // Held while files are synced; taken before the other one.
    private readonly Lock _syncGate = new();
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly AutoResetEvent _news = new(initialState: false);
    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly TimeSpan _interval;
    private readonly Action<CommitBatch> _confirmed;
    private readonly Action _failed;
    private readonly Thread _thread;
    private CommitBatch _pending = new();
    private CommitBatch _syncing = new();
    private StoreException? _error;
    private long _position;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="interval">The shortest time between two syncs.</param>
    /// <param name="confirmed">Called on this thread after progress was published.</param>
    /// <param name="failed">Called on this thread when a sync failed; see <see cref="Failure"/>.</param>
    internal CommitThread(string name, TimeSpan interval, Action<CommitBatch> confirmed, Action failed)
    {
        _interval = interval;
        _confirmed = confirmed;
        _failed = failed;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>How far the writer's records are confirmed; see <see cref="CommitBatch.Position"/>.</summary>
    internal long Position => Interlocked.Read(ref _position);

    /// <summary>Why nothing is synced, until <see cref="TakeBack"/>; null while all is well.</summary>
    internal StoreException? Failure => Volatile.Read(ref _error);

    /// <summary>Hands over a batch; on return it is empty and starts over. The writer thread's.</summary>
    internal void Publish(CommitBatch batch)
    {
        lock (_gate)
        {
            _pending.Absorb(batch);
        }

        _wake.Set();
    }

    /// <summary>Gives back who waits for what is not confirmed, after a sync under way has ended. The writer thread's.</summary>
    internal void TakeBack(CommitBatch batch)
    {
        lock (_syncGate)
        {
            lock (_gate)
            {
                batch.AbsorbWaiting(_syncing);
                batch.AbsorbWaiting(_pending);
                Volatile.Write(ref _error, null);
            }
        }
    }

    /// <summary>Waits for the next sync to end, well or not. The writer thread's.</summary>
    internal void WaitForNews() => _news.WaitOne();

    /// <summary>The same, for a time at most. The writer thread's.</summary>
    internal void WaitForNews(TimeSpan most) => _news.WaitOne(most);

    /// <summary>Ends the thread. The writer thread's, when everything is confirmed or given up.</summary>
    internal void Stop()
    {
        _stop.Set();
        _wake.Set();
        _thread.Join();
    }

    public void Dispose()
    {
        _wake.Dispose();
        _news.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        var stopping = false;
        while (!stopping)
        {
            _wake.WaitOne();
            var started = Stopwatch.GetTimestamp();
            stopping = _stop.WaitOne(0);
            Commit();

            // The interval runs from sync to sync, so that a lone event after a quiet time does not wait for it.
            var rest = _interval - Stopwatch.GetElapsedTime(started);
            stopping = stopping || (rest > TimeSpan.Zero && _stop.WaitOne(rest));
        }
    }

    private void Commit()
    {
        lock (_syncGate)
        {
            lock (_gate)
            {
                if (_pending.IsEmpty || _error is not null)
                {
                    return;
                }

                (_pending, _syncing) = (_syncing, _pending);
            }

            if (TrySync() is { } error)
            {
                Volatile.Write(ref _error, error);
            }
            else
            {
                _syncing.Confirm();
                Interlocked.Exchange(ref _position, _syncing.Position);
                _confirmed(_syncing);
                _syncing.Clear();
            }
        }

        _news.Set();
        if (Failure is not null)
        {
            _failed();
        }
    }

    private StoreException? TrySync()
    {
        JournalSegment? last = null;
        foreach (var (segment, _) in _syncing.Segments)
        {
            if (segment == last)
            {
                continue;
            }

            last = segment;
            if (segment.Volume.Failure is { } failure)
            {
                return failure;
            }

            try
            {
                segment.File.Sync();
            }
            catch (StoreException e)
            {
                segment.Volume.Fence(e);
                return e;
            }
        }

        return null;
    }
}
