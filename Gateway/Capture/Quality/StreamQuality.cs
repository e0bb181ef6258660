namespace Talreg.Capture.Quality;

/// <summary>How well a stream came, whoever lost what is missing. What came while recording was off is left out.</summary>
public sealed record StreamQuality
{
    /// <summary>Interarrival jitter at the end (RFC 3550 §6.4.1).</summary>
    public required TimeSpan Jitter { get; init; }

    /// <summary>The most it was.</summary>
    public required TimeSpan MaxJitter { get; init; }

    /// <summary>Part of the packets that never came: 0 to 1.</summary>
    public required double LossRatio { get; init; }

    /// <summary>Bursts of loss (RFC 3611 §4.7.2).</summary>
    public required long Bursts { get; init; }

    /// <summary>Part lost within bursts: 0 to 1.</summary>
    public required double BurstDensity { get; init; }

    /// <summary>Part lost between bursts: 0 to 1.</summary>
    public required double GapDensity { get; init; }

    /// <summary>Transmission rating R (ITU-T G.107, delay left out), 0 to 93.2; null for codecs without published values.</summary>
    public required double? Rating { get; init; }

    /// <summary>Mean opinion score of the rating (G.107 annex B), 1 to 4.5; null without one.</summary>
    public required double? Mos { get; init; }

    internal static StreamQuality From(string codec, LossPattern pattern, InterarrivalJitter jitter)
    {
        static double Part(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
        var rating = EModel.Rate(codec, pattern);
        return new StreamQuality
        {
            Jitter = jitter.Now,
            MaxJitter = jitter.Most,
            LossRatio = Part(pattern.Lost, pattern.Packets),
            Bursts = pattern.Bursts,
            BurstDensity = Part(pattern.BurstLost, pattern.BurstPackets),
            GapDensity = Part(pattern.Lost - pattern.BurstLost, pattern.Packets - pattern.BurstPackets),
            Rating = rating is { } r ? Math.Max(0, r) : null,
            Mos = rating is { } value ? EModel.ToMos(value) : null,
        };
    }
}
