namespace Talreg.Store.Recordings;

/// <summary>Bounds how fast something is read.</summary>
public interface IReadPace
{
    /// <summary>So many bytes were read: returns when more may be. Blocks; the reading thread's.</summary>
    /// <exception cref="OperationCanceledException">Nothing more is to be read.</exception>
    void Spend(int bytes);
}

/// <summary>So many bytes a second, on average over all that is read. What was not used is not saved up. One thread.</summary>
/// <param name="bytesPerSecond">The most, above 0.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellationToken">Ends every wait.</param>
public sealed class ReadPace(long bytesPerSecond, TimeProvider time, CancellationToken cancellationToken) : IReadPace
{
    private long _freeAt = time.GetTimestamp();

    /// <inheritdoc />
    public void Spend(int bytes)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Debt(bytes) is var wait && wait > TimeSpan.Zero && cancellationToken.WaitHandle.WaitOne(wait))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Notes bytes read, and says how long their speed asks to wait.</summary>
    public TimeSpan Debt(int bytes)
    {
        var now = time.GetTimestamp();
        _freeAt = Math.Max(_freeAt, now) + (long)((double)bytes * time.TimestampFrequency / bytesPerSecond);
        return time.GetElapsedTime(now, _freeAt);
    }
}
