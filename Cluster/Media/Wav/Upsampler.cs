namespace Talreg.Media.Wav;

/// <summary>
/// Doubles the sampling rate of a mix: each sample stays as it is, and one is put between it and the next by a half-band
/// filter (windowed sinc). What was said at 8000 Hz is therefore in the 16000 Hz WAV sample for sample, at every
/// second place.
/// </summary>
internal static class Upsampler
{
    /// <summary>Samples needed on each side of what is doubled.</summary>
    public const int Margin = 16;

    private const int FractionBits = 16;

    private static readonly int[] Taps = MakeTaps();

    /// <summary>Adds a doubled signal to a mix.</summary>
    /// <param name="source">The signal, with <see cref="Margin"/> samples more on both sides.</param>
    /// <param name="mix">Twice as many sums as the signal has samples without the margins.</param>
    public static void AddTo(ReadOnlySpan<int> source, Span<int> mix)
    {
        for (var i = 0; i < mix.Length / 2; i++)
        {
            var at = Margin + i;
            mix[2 * i] += source[at];
            long sum = 1 << (FractionBits - 1);
            for (var tap = 0; tap < Margin; tap++)
            {
                sum += (long)Taps[tap] * (source[at - tap] + source[at + 1 + tap]);
            }

            mix[(2 * i) + 1] += (int)(sum >> FractionBits);
        }
    }

    private static int[] MakeTaps()
    {
        var taps = new double[Margin];
        for (var i = 0; i < Margin; i++)
        {
            var distance = i + 0.5;
            var window = Math.Cos(Math.PI * distance / (2 * Margin));
            taps[i] = Math.Sin(Math.PI * distance) / (Math.PI * distance) * window * window;
        }

        // Both sides together pass a constant unchanged.
        var scale = (1 << FractionBits) / (2 * taps.Sum());
        var rounded = Array.ConvertAll(taps, tap => (int)Math.Round(tap * scale));
        rounded[0] += (1 << (FractionBits - 1)) - rounded.Sum();
        return rounded;
    }
}
