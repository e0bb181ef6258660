using System.Diagnostics;

namespace Talreg.Benchmarks.Micro;

/// <summary>What one operation costs.</summary>
/// <param name="Nanoseconds">Median over the rounds.</param>
/// <param name="SpreadPercent">Half the distance between the quartiles, of the median.</param>
/// <param name="Bytes">Allocated on the measuring thread, per operation.</param>
internal readonly record struct Cost(double Nanoseconds, double SpreadPercent, double Bytes);

/// <summary>
/// Measures short operations: warms up until compiled and tiered, then takes rounds of at least 20 ms on one thread.
/// </summary>
internal static class Stopclock
{
    private const int Rounds = 25;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(20);

    internal static Cost Measure(Action operation)
    {
        var started = Stopwatch.GetTimestamp();
        long warm = 0;
        while (Stopwatch.GetElapsedTime(started) < WarmUp)
        {
            operation();
            warm++;
        }

        var count = (int)Math.Max(1, warm * Round / WarmUp);
        var rounds = new double[Rounds];
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            for (var n = 0; n < count; n++)
            {
                operation();
            }

            rounds[i] = Stopwatch.GetElapsedTime(begun).TotalNanoseconds / count;
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        Array.Sort(rounds);
        var median = rounds[Rounds / 2];
        return new Cost(
            median,
            100 * (rounds[Rounds * 3 / 4] - rounds[Rounds / 4]) / 2 / median,
            (double)allocated / ((long)count * Rounds));
    }
}
