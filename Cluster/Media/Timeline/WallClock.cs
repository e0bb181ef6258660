namespace Talreg.Media.Timeline;

/// <summary>
/// A sender's wall clock against the clock of arrivals: the straight line below all of what arrived, because nothing comes
/// before it was sent. Who waits least touches it; that one leg waits longer than the other does not move it.
/// </summary>
/// <param name="Offset">Arrival less wall clock without any wait, where the wall clock is 0; nanoseconds.</param>
/// <param name="Rate">How much it grows for each nanosecond of wall clock.</param>
internal readonly record struct WallClock(double Offset, double Rate)
{
    /// <summary>When something of a wall clock time would have arrived without any wait.</summary>
    public double Arrival(double wall) => wall + Offset + (Rate * wall);

    /// <summary>Draws the line.</summary>
    /// <param name="points">Wall clock, and arrival less wall clock; at least one.</param>
    public static WallClock Below(IEnumerable<(double Wall, double Delay)> points)
    {
        var sorted = points.Order().ToList();
        if (sorted[^1].Wall - sorted[0].Wall < ClockRules.LeastWallSpan)
        {
            return new WallClock(sorted.Min(point => point.Delay), 0);
        }

        // The edge of the lower convex hull over the middle of the points has the least sum of distances to them all.
        var hull = LowerHull(sorted);
        var middle = sorted.Average(point => point.Wall);
        var edge = Math.Clamp(hull.FindIndex(point => point.Wall >= middle), 1, hull.Count - 1);
        var (from, to) = (hull[edge - 1], hull[edge]);
        var rate = Math.Clamp(
            (to.Delay - from.Delay) / (to.Wall - from.Wall), -ClockRules.RateTolerance, ClockRules.RateTolerance);
        return new WallClock(sorted.Min(point => point.Delay - (rate * point.Wall)), rate);
    }

    private static List<(double Wall, double Delay)> LowerHull(List<(double Wall, double Delay)> sorted)
    {
        var hull = new List<(double Wall, double Delay)>();
        foreach (var point in sorted)
        {
            while (hull.Count > 1 && !TurnsUp(hull[^2], hull[^1], point))
            {
                hull.RemoveAt(hull.Count - 1);
            }

            // Of several at one time the lowest, which comes first.
            if (hull.Count == 0 || point.Wall > hull[^1].Wall)
            {
                hull.Add(point);
            }
        }

        return hull;
    }

    private static bool TurnsUp(
        (double Wall, double Delay) a, (double Wall, double Delay) b, (double Wall, double Delay) c) =>
        ((b.Wall - a.Wall) * (c.Delay - a.Delay)) - ((b.Delay - a.Delay) * (c.Wall - a.Wall)) > 0;
}
