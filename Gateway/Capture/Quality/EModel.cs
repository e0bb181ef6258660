namespace Talreg.Capture.Quality;

/// <summary>
/// The transmission rating R of ITU-T G.107 as far as a recorder can know it: the default values of table 2 and no delay
/// leave 93.2, of which the effective equipment impairment is taken (clause 7.5). Codec values are those of G.113 appendix I.
/// </summary>
internal static class EModel
{
    private const double Basic = 93.2;

    /// <summary>R of a narrowband codec; null for one whose values are not known, wideband ones among them.</summary>
    /// <param name="codec">The SDP encoding name.</param>
    /// <param name="pattern">Its losses.</param>
    internal static double? Rate(string codec, LossPattern pattern)
    {
        if (Impairment(codec) is not { } values || pattern.Packets == 0)
        {
            return null;
        }

        var loss = 100.0 * pattern.Lost / pattern.Packets;
        if (loss == 0)
        {
            return Basic - values.Equipment;
        }

        // Clause 7.5: the mean length of a run of losses against that of independent ones, 1 / (1 - loss).
        var run = (double)pattern.Lost / pattern.Runs;
        var burstiness = Math.Max(1, run * (1 - (loss / 100)));
        var effective = values.Equipment
            + ((95 - values.Equipment) * loss / ((loss / burstiness) + values.Robustness));
        return Basic - effective;
    }

    /// <summary>The mean opinion score of a rating (G.107 annex B).</summary>
    internal static double ToMos(double rating) => rating switch
    {
        <= 0 => 1,
        >= 100 => 4.5,
        _ => Math.Max(1, 1 + (0.035 * rating) + (rating * (rating - 60) * (100 - rating) * 7e-6)),
    };

    // G.711 without concealment: what was lost is silence in a recording.
    private static (double Equipment, double Robustness)? Impairment(string codec) => codec.ToUpperInvariant() switch
    {
        "PCMA" or "PCMU" => (0, 4.3),
        "G729" => (11, 19),
        "AMR" => (5, 10),
        _ => null,
    };
}
