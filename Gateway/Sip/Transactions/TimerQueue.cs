namespace Talreg.Sip.Transactions;

/// <summary>A timer that may be cancelled; it then stays in the queue, empty, until it is due.</summary>
internal sealed class SipTimer(Action action)
{
    private Action? _fire = action;

    public void Cancel() => _fire = null;

    public void Fire()
    {
        var fire = _fire;
        _fire = null;
        fire?.Invoke();
    }
}

/// <summary>
/// All timers of a server, in due order. Used on the loop only. A timer that throws is reported and the others fire.
/// </summary>
internal sealed class TimerQueue(TimeProvider timeProvider, Action<Exception> failed)
{
    private readonly PriorityQueue<SipTimer, long> _timers = new();

    public SipTimer Start(TimeSpan delay, Action fire)
    {
        var timer = new SipTimer(fire);
        var ticks = (long)(delay.TotalSeconds * timeProvider.TimestampFrequency);
        _timers.Enqueue(timer, timeProvider.GetTimestamp() + ticks);
        return timer;
    }

    /// <summary>Fires what is due.</summary>
    /// <returns>The time until the next is due; null when there is none.</returns>
    public TimeSpan? RunDue()
    {
        while (_timers.TryPeek(out var timer, out var due))
        {
            var now = timeProvider.GetTimestamp();
            if (due > now)
            {
                return timeProvider.GetElapsedTime(now, due);
            }

            _timers.Dequeue();
            Fire(timer);
        }

        return null;
    }

    private void Fire(SipTimer timer)
    {
        try
        {
            timer.Fire();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            failed(exception);
        }
    }
}
