namespace Talreg.TestKit;

/// <summary>What work allocates on the managed heap.</summary>
public static class Allocations
{
    private const int Rounds = 3;

    /// <summary>
    /// Bytes that work allocates on the calling thread, warmed up by the caller. A collection that another thread causes takes the
    /// thread's allocation buffer away, and the runtime may count what was left in it, up to 8 KiB, as allocated (seen of a loop
    /// that only adds numbers). What the work itself allocates, it allocates each time: so it is done again, at most three
    /// times, until it is seen to allocate nothing, and the least counts.
    /// </summary>
    /// <param name="work">Can be done again.</param>
    public static long Of(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
