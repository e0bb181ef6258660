namespace Talreg.Hardware.Udp;

/// <summary>
/// Turns the kernel's real-time stamps into monotonic time with an offset measured before the read. A stamp that the
/// result shows to be impossible is replaced by the time of reading, and said to be estimated.
/// </summary>
/// <param name="NowNs">Monotonic time before the read, in nanoseconds.</param>
/// <param name="RealTimeOffsetNs">Real minus monotonic time, in nanoseconds.</param>
/// <param name="Stepped">Real time was stepped since the read before: stamps may belong to either side of it.</param>
internal readonly record struct ScanClock(long NowNs, long RealTimeOffsetNs, bool Stepped)
{
    /// <summary>What may lie between the clock's reading and the read, in nanoseconds.</summary>
    private const long ToleranceNs = 1_000_000_000;

    /// <summary>How far the offset may move between two reads by slewing alone, in nanoseconds.</summary>
    private const long StepNs = 1_000_000;

    /// <summary>True when the offset moved further than a disciplined clock moves.</summary>
    internal static bool IsStep(long previousOffsetNs, long offsetNs) =>
        Math.Abs(offsetNs - previousOffsetNs) > StepNs;

    /// <summary>Monotonic time of a stamp.</summary>
    /// <param name="stampNs">The kernel's stamp; 0 when there is none.</param>
    /// <param name="earliestNs">Nothing can have arrived before: when the port was opened.</param>
    /// <param name="estimated">True when the answer is not to be relied on.</param>
    internal long ToMonotonic(long stampNs, long earliestNs, out bool estimated)
    {
        var arrivalNs = stampNs - RealTimeOffsetNs;
        estimated = stampNs == 0 || arrivalNs < earliestNs || arrivalNs > NowNs + ToleranceNs;
        if (estimated)
        {
            return Math.Max(NowNs, earliestNs);
        }

        estimated = Stepped;
        return arrivalNs;
    }
}
