namespace Talreg.Media.Codecs;

/// <summary>
/// The decoder of ITU-T G.722, mode 1 (64 kbit/s), clause 4: a byte makes two samples at 16000 Hz.
/// <code>
///   +---+---+---+---+---+---+---+---+      IH: higher sub-band, 2 bits      (4-8 kHz)
///   |  IH   |          IL           |      IL: lower sub-band, 6 bits       (0-4 kHz)
///   +---+---+---+---+---+---+---+---+
///      IL ► INVQBL ► + ► LIMIT ─┐
///            INVQAL ► predictor │ ► receive QMF ► xout1, xout2
///      IH ► INVQAH ► + ► LIMIT ─┘
/// </code>
/// One stream's state: not safe for several threads at once.
/// </summary>
internal sealed class G722Decoder
{
    private const int QmfTaps = 24;
    private const int LowestScale = 32;
    private const int LowestHighScale = 8;

    private readonly G722Band _low = new();
    private readonly G722Band _high = new();

    // Sums and differences of the two bands, the newest last: what the receive QMF filters.
    private readonly int[] _line = new int[QmfTaps];
    private int _lowLog;
    private int _lowScale = LowestScale;
    private int _highLog;
    private int _highScale = LowestHighScale;

    // Output of the 6-bit inverse quantiser, in 1/8 of the step (tables 14 and 17).
    private static ReadOnlySpan<short> SixBits =>
    [
        -136, -136, -136, -136, -24808, -21904, -19008, -16704,
        -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
        -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
        24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
        4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
    ];

    // The 4-bit inverse quantiser: what the predictor hears, so that a stream robbed of two bits stays in step.
    private static ReadOnlySpan<short> FourBits =>
    [
        0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
    ];

    private static ReadOnlySpan<short> TwoBits => [-7408, -1616, 7408, 1616];

    // WL by way of RL42: how a code of four bits moves the lower band's logarithmic scale.
    private static ReadOnlySpan<short> LowMultiplier =>
        [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

    // WH by way of RH2.
    private static ReadOnlySpan<short> HighMultiplier => [798, -214, 798, -214];

    // ILB: 2048 * 2^(i/32).
    private static ReadOnlySpan<short> InverseLog =>
    [
        2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
        2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
    ];

    // The first half of the symmetric QMF's coefficients (table 11), in 1/8192.
    private static ReadOnlySpan<short> Qmf => [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

    /// <summary>Decodes bytes.</summary>
    /// <param name="payload">Codes in order.</param>
    /// <param name="samples">Two for each byte.</param>
    public void Decode(ReadOnlySpan<byte> payload, Span<short> samples)
    {
        for (var i = 0; i < payload.Length; i++)
        {
            var low = DecodeLow(payload[i] & 0x3F);
            var high = DecodeHigh(payload[i] >> 6);
            Synthesise(low, high, samples.Slice(2 * i, 2));
        }
    }

    private int DecodeLow(int code)
    {
        var predicted = _low.Predicted;
        var output = Limit(predicted + ((_lowScale * SixBits[code]) >> 15));
        var coarse = code >> 2;
        _low.Update((_lowScale * FourBits[coarse]) >> 15);
        _lowLog = Math.Clamp(((_lowLog * 127) >> 7) + LowMultiplier[coarse], 0, 18_432);
        _lowScale = Scale(_lowLog, 8);
        return output;
    }

    private int DecodeHigh(int code)
    {
        var predicted = _high.Predicted;
        var difference = (_highScale * TwoBits[code]) >> 15;
        _high.Update(difference);
        _highLog = Math.Clamp(((_highLog * 127) >> 7) + HighMultiplier[code], 0, 22_528);
        _highScale = Scale(_highLog, 10);
        return Limit(predicted + difference);
    }

    private static int Limit(int value) => Math.Clamp(value, -16_384, 16_383);

    // SCALEL and SCALEH: the logarithmic scale, 11 bits behind the point, as a linear one.
    private static int Scale(int log, int exponent)
    {
        var shift = exponent - (log >> 11);
        int mantissa = InverseLog[(log >> 6) & 31];
        return (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
    }

    private void Synthesise(int low, int high, Span<short> samples)
    {
        Array.Copy(_line, 2, _line, 0, QmfTaps - 2);
        _line[QmfTaps - 2] = low + high;
        _line[QmfTaps - 1] = low - high;
        int first = 0, second = 0;
        for (var i = 0; i < QmfTaps / 2; i++)
        {
            second += _line[2 * i] * Qmf[i];
            first += _line[(2 * i) + 1] * Qmf[(QmfTaps / 2) - 1 - i];
        }

        samples[0] = (short)Math.Clamp(first >> 11, short.MinValue, short.MaxValue);
        samples[1] = (short)Math.Clamp(second >> 11, short.MinValue, short.MaxValue);
    }
}
