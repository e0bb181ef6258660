using System.Diagnostics;

namespace Talreg.Store.Journal;

/// <summary>
/// The thread that syncs. It gathers what the writer wrote during a commit interval, syncs each file once, and only then
/// publishes progress. A failed sync is never tried again: the kernel may have dropped the pages.
/// </summary>
internal sealed class CommitThread : IDisposable
{
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly TimeSpan _interval;
    private readonly Action<CommitBatch> _confirmed;
    private readonly Action<StoreException> _failed;
    private readonly Thread _thread;
    private CommitBatch _pending = new();
    private CommitBatch _syncing = new();
    private StoreException? _error;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="interval">The shortest time between two syncs.</param>
    /// <param name="confirmed">Called on this thread after progress was published.</param>
    /// <param name="failed">Called on this thread, once, before waiting completions are failed.</param>
    internal CommitThread(
        string name, TimeSpan interval, Action<CommitBatch> confirmed, Action<StoreException> failed)
    {
        _interval = interval;
        _confirmed = confirmed;
        _failed = failed;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Hands over a batch; on return it is empty and starts over. The writer thread's.</summary>
    internal void Publish(CommitBatch batch)
    {
        lock (_gate)
        {
            if (_error is not null)
            {
                batch.Fail(_error);
                batch.Clear(batch.Number + 1);
                return;
            }

            _pending.Absorb(batch);
        }

        _wake.Set();
    }

    /// <summary>Syncs what was handed over, then ends the thread.</summary>
    internal void Stop()
    {
        _stop.Set();
        _wake.Set();
        _thread.Join();
    }

    public void Dispose()
    {
        _wake.Dispose();
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
            if (!stopping && rest > TimeSpan.Zero && _stop.WaitOne(rest))
            {
                stopping = true;
                Commit();
            }
        }
    }

    private void Commit()
    {
        lock (_gate)
        {
            if (_pending.IsEmpty || _error is not null)
            {
                return;
            }

            (_pending, _syncing) = (_syncing, _pending);
        }

        try
        {
            JournalSegment? last = null;
            foreach (var (segment, _) in _syncing.Segments)
            {
                if (segment != last)
                {
                    segment.File.Sync();
                    last = segment;
                }
            }
        }
        catch (StoreException e)
        {
            Fail(e);
            return;
        }

        _syncing.Confirm();
        _confirmed(_syncing);
        _syncing.Clear(0);
    }

    private void Fail(StoreException error)
    {
        _failed(error);
        lock (_gate)
        {
            _error = error;
            _pending.Fail(error);
        }

        _syncing.Fail(error);
    }
}
