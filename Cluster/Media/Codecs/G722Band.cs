namespace Talreg.Media.Codecs;

/// <summary>
/// The adaptive predictor of one sub-band of ITU-T G.722 (clause 3.6, blocks RECONS to PREDIC): two poles, six zeros, all in
/// 16-bit arithmetic that saturates. The names of the blocks are the Recommendation's.
/// </summary>
internal sealed class G722Band
{
    private const int Zeros = 6;

    private readonly int[] _zero = new int[Zeros];
    private readonly int[] _difference = new int[Zeros];
    private int _pole1;
    private int _pole2;
    private int _reconstructed1;
    private int _reconstructed2;
    private int _partial1;
    private int _partial2;
    private int _zeroSum;

    /// <summary>The signal predicted for the next sample: SL or SH.</summary>
    public int Predicted { get; private set; }

    /// <summary>Adapts to the quantised difference of a sample: DLT or DH.</summary>
    public void Update(int difference)
    {
        var reconstructed = Saturate(Predicted + difference);
        var partial = Saturate(_zeroSum + difference);
        AdaptPoles(partial);
        AdaptZeros(difference);
        _partial2 = _partial1;
        _partial1 = partial;
        _reconstructed2 = _reconstructed1;
        _reconstructed1 = reconstructed;
        Predict();
    }

    private static int Saturate(int value) => Math.Clamp(value, short.MinValue, short.MaxValue);

    private static bool SameSign(int left, int right) => (left ^ right) >= 0;

    // UPPOL2 limits the second pole to ±0.75, UPPOL1 the first so that the filter stays stable.
    private void AdaptPoles(int partial)
    {
        var feedback = Saturate(_pole1 << 2);
        var step = SameSign(partial, _partial1) ? Saturate(-feedback) : feedback;
        var second = (step >> 7) + (SameSign(partial, _partial2) ? 128 : -128) + ((_pole2 * 32_512) >> 15);
        second = Math.Clamp(second, -12_288, 12_288);

        var first = (SameSign(partial, _partial1) ? 192 : -192) + ((_pole1 * 32_640) >> 15);
        var limit = 15_360 - second;
        _pole1 = Math.Clamp(first, -limit, limit);
        _pole2 = second;
    }

    // UPZERO, then DELAYA: the newest difference comes first.
    private void AdaptZeros(int difference)
    {
        var step = difference == 0 ? 0 : 128;
        for (var i = 0; i < Zeros; i++)
        {
            var towards = SameSign(difference, _difference[i]) ? step : -step;
            _zero[i] = Saturate(towards + ((_zero[i] * 32_640) >> 15));
        }

        Array.Copy(_difference, 0, _difference, 1, Zeros - 1);
        _difference[0] = difference;
    }

    // FILTEP, FILTEZ, PREDIC.
    private void Predict()
    {
        var poles = Saturate(
            ((_pole1 * Saturate(2 * _reconstructed1)) >> 15) + ((_pole2 * Saturate(2 * _reconstructed2)) >> 15));
        var zeros = 0;
        for (var i = Zeros - 1; i >= 0; i--)
        {
            zeros = Saturate(zeros + ((_zero[i] * Saturate(2 * _difference[i])) >> 15));
        }

        _zeroSum = zeros;
        Predicted = Saturate(poles + zeros);
    }
}
