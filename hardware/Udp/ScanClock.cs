namespace Talreg.Hardware.Udp;

/// <summary>
/// Turns the kernel's real-time stamps into monotonic time with an offset measured before the scan. A stamp that the
/// result shows to be impossible is replaced by the time of reading, and said to be estimated.
/// </summary>
/// <param name="NowNs">Monotonic time of the scan's start, in nanoseconds.</param>
/// <param name="RealTimeOffsetNs">Real minus monotonic time, in nanoseconds.</param>
/// <param name="EarliestNs">Nothing can have arrived before: when the port was opened.</param>
/// <param name="Stepped">Real time was stepped since the scan before: stamps may belong to either side of it.</param>
internal readonly record struct ScanClock(long NowNs, long RealTimeOffsetNs, long EarliestNs, bool Stepped)
{
    /// <summary>What may lie between the scan's start and its reads, in nanoseconds.</summary>
    private const long ToleranceNs = 1_000_000_000;

    /// <summary>How far the offset may move between two scans by slewing alone, in nanoseconds.</summary>
    private const long StepNs = 1_000_000;

    /// <summary>True when the offset moved further than a disciplined clock moves.</summary>
    internal static bool IsStep(long previousOffsetNs, long offsetNs) =>
        Math.Abs(offsetNs - previousOffsetNs) > StepNs;

    internal long ToMonotonic(long stampNs, out bool estimated)
    {
        var arrivalNs = stampNs - RealTimeOffsetNs;
        estimated = stampNs == 0 || arrivalNs < EarliestNs || arrivalNs > NowNs + ToleranceNs;
        if (estimated)
        {
            return Math.Max(NowNs, EarliestNs);
        }

        estimated = Stepped;
        return arrivalNs;
    }
}
