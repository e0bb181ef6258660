namespace Talreg.Media.Codecs;

/// <summary>
/// PCMU: ITU-T G.711 µ-law, one byte a sample.
/// <code>
///   sent:  +---+-----------+---------------+   all bits are inverted on the line (G.711 table 2a)
///          | s |  segment  |   interval    |   before inversion s = 1 is negative
///          +---+-----------+---------------+
/// </code>
/// The 14-bit value of G.711 stands in the upper bits of 16; the largest is ±32124.
/// </summary>
public sealed class G711MuLaw : SampleCodec
{
    /// <summary>The byte of positive zero: what silence is sent as.</summary>
    public const byte Silence = 0xFF;

    private const int Bias = 0x84;
    private const int LargestMagnitude = 32635;

    private static readonly short[] Table = MakeTable();

    private G711MuLaw()
    {
    }

    /// <summary>The one instance.</summary>
    public static G711MuLaw Instance { get; } = new();

    /// <inheritdoc />
    public override string Name => "PCMU";

    /// <summary>The sample of one byte.</summary>
    public static short Decode(byte value) => Table[value];

    /// <summary>The byte whose decision interval holds the sample (G.711 table 2a, column 5).</summary>
    public static byte Encode(short sample)
    {
        // The bias turns the eight segments into powers of two: the position of the leading bit is the segment.
        var sign = sample < 0 ? 0x80 : 0;
        var magnitude = Math.Min(Math.Abs((int)sample), LargestMagnitude) + Bias;
        var segment = 32 - int.LeadingZeroCount(magnitude) - 8;
        var interval = (magnitude >> (segment + 3)) & 0x0F;
        return (byte)~(sign | (segment << 4) | interval);
    }

    /// <inheritdoc />
    public override int ClockRate => 8000;

    /// <inheritdoc />
    public override int SampleRate => 8000;

    /// <inheritdoc />
    public override int CountSamples(ReadOnlySpan<byte> payload) => payload.Length;

    /// <inheritdoc />
    public override void Decode(ReadOnlySpan<byte> payload, int firstSample, Span<short> samples)
    {
        var source = payload.Slice(firstSample, samples.Length);
        for (var i = 0; i < source.Length; i++)
        {
            samples[i] = Table[source[i]];
        }
    }

    private static short[] MakeTable()
    {
        var table = new short[256];
        for (var i = 0; i < table.Length; i++)
        {
            var code = ~i;
            var magnitude = ((((code & 0x0F) << 3) + Bias) << ((code >> 4) & 7)) - Bias;
            table[i] = (short)((code & 0x80) != 0 ? -magnitude : magnitude);
        }

        return table;
    }
}
