using System.Diagnostics;
using System.Globalization;

namespace Talreg.TestKit;

/// <summary>Waits on a condition instead of sleeping.</summary>
public static class Wait
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    /// <summary>Polls until the condition holds.</summary>
    /// <param name="condition">What to wait for.</param>
    /// <param name="what">Its name, for the failure's message.</param>
    /// <param name="timeout">How long to wait; 10 s when not given.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task UntilAsync(
        Func<bool> condition, string what, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        UntilAsync(() => Task.FromResult(condition()), what, timeout, cancellationToken);

    /// <summary>Polls until the awaited condition holds; the parameters are those of the other overload.</summary>
    public static async Task UntilAsync(
        Func<Task<bool>> condition,
        string what,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        var limit = timeout ?? TimeSpan.FromSeconds(10);
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException(
                    string.Create(CultureInfo.InvariantCulture, $"Waited {limit.TotalSeconds:0.###} s for: {what}"));
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
