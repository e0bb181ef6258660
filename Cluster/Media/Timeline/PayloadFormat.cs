namespace Talreg.Media.Timeline;

/// <summary>What SDP said of a payload type (RFC 8866 §6.6, §6.15).</summary>
/// <param name="Name">The encoding name, for example <c>AMR</c>.</param>
/// <param name="ClockRate">The RTP clock rate, in Hz.</param>
/// <param name="Channels">The channels; matters to L16 only.</param>
/// <param name="Parameters">The format's parameters (fmtp); null for none.</param>
public sealed record PayloadFormat(string Name, int ClockRate, int Channels = 1, string? Parameters = null)
{
    /// <summary>The value of a parameter <c>name=value</c>, names in any case; null where it is not there.</summary>
    public string? Parameter(string name)
    {
        foreach (var part in (Parameters ?? "").Split(';', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && part.AsSpan(0, equals).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return part[(equals + 1)..].Trim();
            }
        }

        return null;
    }
}
