using Talreg.Capture.Taps;

namespace Talreg.Capture;

/// <summary>Live taps: who may listen, how many, and that they are the first to go.</summary>
public sealed partial class CaptureEngine
{
    /// <summary>The most taps of one take.</summary>
    public const int MaxTapsPerTake = 4;

    /// <summary>The most taps at once.</summary>
    public const int MaxTaps = 32;

    private volatile bool _tapsStopped;
    private int _taps;

    /// <summary>
    /// True ends every tap within a sweep and refuses new ones. A flag and no command: it must take hold when the shards are
    /// busiest. Any thread.
    /// </summary>
    public bool TapsStopped
    {
        get => _tapsStopped;
        set => _tapsStopped = value;
    }

    /// <summary>Taps open now, and packets that slow listeners did not get since the engine was made.</summary>
    public (int Open, long Dropped) TapTotals =>
        (Volatile.Read(ref _taps), _shards.Sum(shard => shard.Totals.TapDrops));

    /// <summary>Opens a tap on a live take. On completion it gives what arrives. Close it when done.</summary>
    /// <exception cref="CaptureRefusedException">
    /// Too many taps, taps are stopped, or the take is closing: nothing was opened.
    /// </exception>
    public async ValueTask<CaptureTap> OpenTapAsync(CaptureTake take, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        await take.Changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        var counted = false;
        var opened = false;
        try
        {
            ThrowIfClosing(take);
            ThrowIfTapsStopped();
            counted = true;
            if (Interlocked.Increment(ref _taps) > MaxTaps || take.Taps.Length >= MaxTapsPerTake)
            {
                throw new CaptureRefusedException(
                    CaptureRefusal.TooManyTaps,
                    $"At most {MaxTaps} listeners hear live calls at once, and {MaxTapsPerTake} the same call.");
            }

            var tap = new CaptureTap(take);
            opened = await ShardOf(take).RunAsync(shard => !_tapsStopped && shard.Add(tap)).ConfigureAwait(false);
            if (!opened)
            {
                ThrowIfTapsStopped();
            }

            return tap;
        }
        finally
        {
            if (counted && !opened)
            {
                Interlocked.Decrement(ref _taps);
            }

            take.Changing.Release();
        }
    }

    /// <summary>Closes a tap. One that has ended already is no error.</summary>
    public async ValueTask CloseTapAsync(CaptureTap tap)
    {
        ArgumentNullException.ThrowIfNull(tap);
        if (tap.End == TapEnd.None)
        {
            await ShardOf(tap.Take).RunAsync(shard => shard.Remove(tap, TapEnd.Closed)).ConfigureAwait(false);
        }

        tap.Drain(static (_, _, _) => { });
    }

    internal void CountTapsClosed(int count) => Interlocked.Add(ref _taps, -count);

    private void ThrowIfTapsStopped()
    {
        if (_tapsStopped)
        {
            throw new CaptureRefusedException(
                CaptureRefusal.TapsStopped,
                "The recorder is busy: live calls cannot be heard until the load is lower.");
        }
    }
}
