using Talreg.Media.Rtp;

namespace Talreg.Media.Timeline;

/// <summary>A source of a stream that its sender reports on, and whether the reports can be believed.</summary>
internal sealed class ReportedSource
{
    private readonly uint _first;
    private readonly int _clockRate;
    private readonly List<string> _notes;
    private string? _name;

    private ReportedSource(int stream, int clockRate, uint ssrc, uint first, List<string> notes)
    {
        Stream = stream;
        _clockRate = clockRate;
        Ssrc = ssrc;
        _first = first;
        _notes = notes;
    }

    /// <summary>The stream's place among the take's.</summary>
    public int Stream { get; }

    /// <summary>The source.</summary>
    public uint Ssrc { get; }

    /// <summary>Its sender's name: whose wall clock it is.</summary>
    public string Name => _name ?? "";

    /// <summary>Its reports as they came; at least one.</summary>
    public List<(long ArrivalNs, SenderReport Report)> Reports { get; } = [];

    /// <summary>The clock they tell; null when they tell none.</summary>
    public SenderClock? Clock { get; private set; }

    /// <summary>The sources of a stream that are reported on by someone with a name.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="index">Its place.</param>
    /// <param name="notes">Where doubts are noted.</param>
    public static List<ReportedSource> Read(AudioStream stream, int index, List<string> notes)
    {
        var sources = new Dictionary<uint, ReportedSource>();
        foreach (var stored in stream.Packets)
        {
            if (RtpPacketView.TryParse(stored.Packet.Span, out var rtp, out _)
                && !sources.ContainsKey(rtp.Ssrc) && sources.Count < TimelineRules.MaxSources)
            {
                sources[rtp.Ssrc] = new ReportedSource(
                    index, stream.ClockRate, rtp.Ssrc, rtp.Timestamp, notes);
            }
        }

        foreach (var stored in stream.Control)
        {
            RtcpView.Read(
                stored.Packet.Span,
                report =>
                {
                    // A sender without a wall clock says 0.
                    if (report.NtpTime != 0 && sources.TryGetValue(report.Ssrc, out var source)
                        && source.Reports.Count < ClockRules.MaxReports)
                    {
                        source.Reports.Add((stored.ArrivalNs, report));
                    }
                },
                (ssrc, name) =>
                {
                    if (sources.TryGetValue(ssrc, out var source))
                    {
                        source._name ??= name;
                    }
                });
        }

        return [.. sources.Values.Where(source => source.Reports.Count > 0 && source.IsNamed())];
    }

    /// <summary>Finds the clock.</summary>
    /// <param name="wallBase">NTP time from which wall clock is counted.</param>
    public void Fit(ulong wallBase)
    {
        Clock = SenderClock.Fit(Reports, _first, _clockRate, wallBase, out var doubt);
        if (doubt is not null)
        {
            Doubt(doubt);
        }
    }

    /// <summary>True when its packets come as its reports do: those of another source would not.</summary>
    public bool IsOfItsPackets()
    {
        var apart = Clock is null ? 0 : Math.Abs(Clock.MediaDelay - Clock.ReportDelay);
        if (apart > ClockRules.WayTolerance)
        {
            Doubt("its reports are not of its packets");
        }

        return Clock is not null && apart <= ClockRules.WayTolerance;
    }

    /// <summary>Notes why its arrivals are followed and not its reports.</summary>
    public void Doubt(string why) => _notes.Add($"senderClockDoubtful: SSRC {Ssrc:x8}: {why}");

    private bool IsNamed()
    {
        if (_name is null)
        {
            Doubt("its reports lack a CNAME");
        }

        return _name is not null;
    }
}
