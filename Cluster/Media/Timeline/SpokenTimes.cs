using Talreg.Media.Rtp;

namespace Talreg.Media.Timeline;

/// <summary>
/// When packets were spoken, by their senders' own reports, for streams whose reports can be believed. Streams of one sender
/// (one CNAME) share its wall clock: a leg that comes later than the other stands beside it all the same.
/// <code>
///   timestamp ─ SenderClock ─► sender's wall clock ─ WallClock ─► clock of arrivals
/// </code>
/// </summary>
internal sealed class SpokenTimes
{
    private readonly Dictionary<uint, Known> _known = [];

    private SpokenTimes()
    {
    }

    /// <summary>Remarks for a person.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>True where the reports of some source are believed.</summary>
    public bool KnowsAny => _known.Count > 0;

    /// <summary>True where those of a source are.</summary>
    public bool Knows(uint ssrc) => _known.ContainsKey(ssrc);

    /// <summary>
    /// When a packet would have come if it had not waited. One that comes before it was spoken, or that waited too long, does
    /// not follow the clock that its reports told: its arrival stands, less what every packet of its leg waits.
    /// </summary>
    public long Arrival(long arrivalNs, uint ssrc, uint timestamp)
    {
        if (!_known.TryGetValue(ssrc, out var known))
        {
            return arrivalNs;
        }

        var wall = known.Clock.Wall(timestamp);
        var spoken = known.Wall.Arrival(wall);
        var waited = arrivalNs - known.Wait - spoken;
        var most = known.Clock.IsCovered(wall) ? ClockRules.MostWait : ClockRules.MostWaitUncovered;
        return (long)(waited >= -ClockRules.Steadiness && waited <= most ? spoken : arrivalNs - known.Wait);
    }

    /// <summary>Reads the reports of a take's streams.</summary>
    /// <returns>By stream.</returns>
    public static SpokenTimes[] Find(IReadOnlyList<AudioStream> streams)
    {
        var found = new SpokenTimes[streams.Count];
        var told = new List<ReportedSource>();
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = new SpokenTimes();
            if (streams[i].Control.Count > 0)
            {
                told.AddRange(ReportedSource.Read(streams[i], i, found[i].Notes));
            }
        }

        foreach (var group in told.GroupBy(source => source.Name))
        {
            var wallBase = group.First().Reports[0].Report.NtpTime;
            foreach (var source in group)
            {
                source.Fit(wallBase);
            }
        }

        for (var i = 0; i < found.Length; i++)
        {
            Follow(streams[i], [.. told.Where(source => source.Stream == i && source.Clock is not null)]);
        }

        foreach (var group in told.Where(source => source.IsOfItsPackets()).GroupBy(source => source.Name))
        {
            Share([.. group], found);
        }

        return found;
    }

    private static void Follow(AudioStream stream, List<ReportedSource> sources)
    {
        var clocks = sources.ToDictionary(source => source.Ssrc, source => source.Clock!);
        foreach (var stored in clocks.Count == 0 ? [] : stream.Packets)
        {
            if (RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _)
                && clocks.TryGetValue(rtp.Ssrc, out var clock))
            {
                clock.Add(stored.ArrivalNs, rtp.Timestamp);
            }
        }
    }

    private static void Share(List<ReportedSource> sources, SpokenTimes[] found)
    {
        var wall = WallClock.Below(sources.SelectMany(source => source.Clock!.Least));
        foreach (var source in sources)
        {
            var wait = source.Clock!.Least.Min(point => point.Delay - (wall.Rate * point.Wall)) - wall.Offset;
            if (wait > ClockRules.LegTolerance)
            {
                source.Doubt("it comes later than a way can take");
                continue;
            }

            found[source.Stream]._known[source.Ssrc] = new Known(source.Clock, wall, wait);
        }
    }

    private sealed record Known(SenderClock Clock, WallClock Wall, double Wait);
}
