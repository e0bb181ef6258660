namespace Talreg.Media.Timeline;

/// <summary>The constants of the placing rule, in ticks of 125 µs unless said otherwise (8 = 1 ms).</summary>
internal static class TimelineRules
{
    /// <summary>60 ms: a packet further than this from the arrival clock is suspicious; jitter up to 40 ms is not.</summary>
    public const int SuspiciousDifference = 480;

    /// <summary>1 s: how far ahead the builder looks for the stream to come back before it sets the anchor anew.</summary>
    public const int LookAhead = 8000;

    /// <summary>At most so many packets are looked at ahead: bounds the work a hostile stream can cause.</summary>
    public const int LookAheadPackets = 256;

    /// <summary>So many suspicious packets in agreement make a jump, unless the jump is longer than 200 ms.</summary>
    public const int SustainedPackets = 5;

    /// <summary>200 ms: a pause this long is believed at once, from however few packets.</summary>
    public const int LongGap = 1600;

    /// <summary>10 s: a single packet further away than this is a stray and not placed.</summary>
    public const int StrayDifference = 80_000;

    /// <summary>Drift by arrivals: windows of 5 s and at least 100 packets, so that their smallest delay means something; 8 ms.</summary>
    public static readonly DriftRule ByArrival = new(Window: 40_000, Packets: 100, Tolerated: 64);

    /// <summary>Drift by a sender's reports, which knows no jitter: windows of 1 s; 1 ms.</summary>
    public static readonly DriftRule ByReport = new(Window: 8000, Packets: 5, Tolerated: 8);

    /// <summary>1 s: how long a correction waits for silence before it is made in speech.</summary>
    public const int DriftPatience = 8000;

    /// <summary>1 ms: the largest correction at one packet boundary in speech.</summary>
    public const int DriftStep = 8;

    /// <summary>A payload whose samples stay within this is silence for the purpose of a correction.</summary>
    public const int QuietAmplitude = 128;

    /// <summary>SSRCs one stream may use; packets of further ones are ignored and counted.</summary>
    public const int MaxSources = 256;
}

/// <summary>When a lineage is corrected.</summary>
/// <param name="Window">Length of the windows whose smallest delays are compared, in ticks.</param>
/// <param name="Packets">A window holds at least so many packets.</param>
/// <param name="Tolerated">Drift below this is left alone, in ticks.</param>
internal sealed record DriftRule(int Window, int Packets, int Tolerated);
