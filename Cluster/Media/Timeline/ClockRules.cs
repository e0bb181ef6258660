namespace Talreg.Media.Timeline;

/// <summary>When a sender's word on its clocks is believed, in nanoseconds unless said otherwise.</summary>
internal static class ClockRules
{
    /// <summary>A report may lie so far off the straight line through all of its source: 5 ms.</summary>
    public const double Steadiness = 5e6;

    /// <summary>How far an RTP clock's rate may be from its nominal one: 1,000 ppm. A crystal is within 100.</summary>
    public const double RateTolerance = 1e-3;

    /// <summary>Reports that lie closer together tell no rate: 10 s. The nominal one is taken.</summary>
    public const double LeastSpan = 10e9;

    /// <summary>
    /// Reports and media of one source go the same way: the smallest delays of both differ by at most 100 ms, or one is not
    /// the other's.
    /// </summary>
    public const double WayTolerance = 100e6;

    /// <summary>One leg of a sender comes at most 500 ms after the other; beyond, the clocks are not one.</summary>
    public const double LegTolerance = 500e6;

    /// <summary>A packet may wait 2 s beyond its leg's least; one that waited longer is placed by its arrival.</summary>
    public const double MostWait = 2e9;

    /// <summary>The same behind the last report, where a pause without advancing timestamps looks like a wait: 60 ms.</summary>
    public const double MostWaitUncovered = 60e6;

    /// <summary>Between two wall clocks a rate is told from 60 s on.</summary>
    public const double LeastWallSpan = 60e9;

    /// <summary>Of each second the packet that waited least is looked at.</summary>
    public const double Window = 1e9;

    /// <summary>The most reports of a source looked at: a report every second of the longest take.</summary>
    public const int MaxReports = 12 * 3600;
}
