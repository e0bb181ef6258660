namespace Talreg.Media.Codecs;

/// <summary>
/// Changes the sampling rate of a whole signal: a low-pass (windowed sinc, Blackman, 16 zero crossings a side) evaluated at
/// each new sample's place. Beyond both ends the signal is silence. Its delay is none: sample n lies at time n / rate.
/// </summary>
internal static class RateConverter
{
    private const int ZeroCrossings = 16;

    /// <summary>Computes one new sample.</summary>
    /// <param name="source">The signal at the old rate.</param>
    /// <param name="position">The new sample's place, in old samples from the first.</param>
    /// <param name="cutoff">
    /// The pass band as a part of the old rate's half: below 1 where the new rate is lower.
    /// </param>
    public static short Sample(ReadOnlySpan<short> source, double position, double cutoff)
    {
        var reach = ZeroCrossings / cutoff;
        var first = Math.Max(0, (int)Math.Ceiling(position - reach));
        var last = Math.Min(source.Length - 1, (int)Math.Floor(position + reach));
        double sum = 0;
        for (var i = first; i <= last; i++)
        {
            sum += source[i] * Kernel(position - i, cutoff, reach);
        }

        return (short)Math.Clamp(Math.Round(sum), short.MinValue, short.MaxValue);
    }

    private static double Kernel(double distance, double cutoff, double reach)
    {
        var phase = Math.PI * distance / reach;
        var window = 0.42 + (0.5 * Math.Cos(phase)) + (0.08 * Math.Cos(2 * phase));
        var x = Math.PI * distance * cutoff;
        return cutoff * window * (Math.Abs(x) < 1e-9 ? 1 : Math.Sin(x) / x);
    }
}
