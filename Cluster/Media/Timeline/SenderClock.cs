using Talreg.Media.Rtp;

namespace Talreg.Media.Timeline;

/// <summary>
/// One source's RTP clock against its sender's wall clock: a straight line through its reports.
/// <code>
///   wall = origin + rate · (timestamp − first timestamp)          nanoseconds since the group's first report
/// </code>
/// </summary>
internal sealed class SenderClock
{
    private readonly uint _first;
    private readonly double _origin;
    private readonly double _rate;
    private readonly double _lastReport;
    private readonly List<(double Wall, double Delay)> _least = [];
    private double _window = double.NegativeInfinity;

    private SenderClock(uint first, double origin, double rate, double lastReport, double reportDelay)
    {
        _first = first;
        _origin = origin;
        _rate = rate;
        _lastReport = lastReport;
        ReportDelay = reportDelay;
    }

    /// <summary>The smallest of arrival less wall clock over its reports.</summary>
    public double ReportDelay { get; }

    /// <summary>The smallest of arrival less wall clock over its packets.</summary>
    public double MediaDelay { get; private set; } = double.MaxValue;

    /// <summary>Of each second, the packet that waited least: wall clock, and arrival less wall clock.</summary>
    public IReadOnlyList<(double Wall, double Delay)> Least => _least;

    /// <summary>Draws the line.</summary>
    /// <param name="reports">At least one, as they came.</param>
    /// <param name="first">The source's first timestamp.</param>
    /// <param name="clockRate">The nominal rate, in Hz.</param>
    /// <param name="wallBase">NTP time from which wall clock is counted.</param>
    /// <param name="doubt">Why the reports are not believed, in words.</param>
    public static SenderClock? Fit(
        List<(long ArrivalNs, SenderReport Report)> reports,
        uint first,
        int clockRate,
        ulong wallBase,
        out string? doubt)
    {
        var nominal = 1e9 / clockRate;
        var points = reports.ConvertAll(one => (
            Units: (double)(int)(one.Report.Timestamp - first),
            Wall: ToNs((long)(one.Report.NtpTime - wallBase)),
            Arrival: (double)one.ArrivalNs));
        if (points.Zip(points.Skip(1)).Any(pair => pair.Second.Wall < pair.First.Wall
            || pair.Second.Units < pair.First.Units))
        {
            doubt = "reports go back in time";
            return null;
        }

        var rate = points[^1].Wall - points[0].Wall < ClockRules.LeastSpan ? nominal : Slope(points);
        if (Math.Abs((rate / nominal) - 1) > ClockRules.RateTolerance)
        {
            doubt = "the clock does not run at its rate";
            return null;
        }

        var origin = points.Average(point => point.Wall - (rate * point.Units));
        if (points.Exists(point => Math.Abs(point.Wall - (rate * point.Units) - origin) > ClockRules.Steadiness))
        {
            doubt = "reports do not lie on one line";
            return null;
        }

        doubt = null;
        return new SenderClock(
            first, origin, rate, points[^1].Wall, points.Min(point => point.Arrival - point.Wall));
    }

    /// <summary>When a timestamp was spoken, by the sender's wall clock.</summary>
    public double Wall(uint timestamp) => _origin + (_rate * (int)(timestamp - _first));

    /// <summary>True up to the last report: behind it the clock may stand still and nobody was told.</summary>
    public bool IsCovered(double wall) => wall <= _lastReport;

    /// <summary>Takes in a packet of the source.</summary>
    public void Add(long arrivalNs, uint timestamp)
    {
        var wall = Wall(timestamp);
        var delay = arrivalNs - wall;
        MediaDelay = Math.Min(MediaDelay, delay);
        if (Math.Abs(wall - _window) >= ClockRules.Window)
        {
            _window = wall;
            _least.Add((wall, delay));
        }
        else if (delay < _least[^1].Delay)
        {
            _least[^1] = (wall, delay);
        }
    }

    // 32 bits of seconds and 32 of fraction.
    private static double ToNs(long ntp) => ntp / 4_294_967_296.0 * 1e9;

    private static double Slope(List<(double Units, double Wall, double Arrival)> points)
    {
        var (meanUnits, meanWall) = (points.Average(point => point.Units), points.Average(point => point.Wall));
        var (over, under) = (0.0, 0.0);
        foreach (var point in points)
        {
            over += (point.Units - meanUnits) * (point.Wall - meanWall);
            under += (point.Units - meanUnits) * (point.Units - meanUnits);
        }

        return under == 0 ? 0 : over / under;
    }
}
