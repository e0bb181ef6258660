namespace Talreg.Media.Codecs;

/// <summary>
/// PCMA: ITU-T G.711 A-law, one byte a sample.
/// <code>
///   sent:  +---+-----------+---------------+   even bits (0x55) are inverted on the line (G.711 table 1a, note 2)
///          | s |  segment  |   interval    |   s = 1 is positive
///          +---+-----------+---------------+
/// </code>
/// The 13-bit value of G.711 stands in the upper bits of 16: every decoded value is a multiple of 8, the largest ±32256.
/// </summary>
public sealed class G711ALaw : SampleCodec
{
    /// <summary>The byte of the smallest positive value, +8: what silence is sent as.</summary>
    public const byte Silence = 0xD5;

    private const int EvenBits = 0x55;
    private const int LargestMagnitude = 0x7FFF;

    private static readonly short[] Table = MakeTable();

    private G711ALaw()
    {
    }

    /// <summary>The one instance.</summary>
    public static G711ALaw Instance { get; } = new();

    /// <inheritdoc />
    public override string Name => "PCMA";

    /// <summary>The sample of one byte.</summary>
    public static short Decode(byte value) => Table[value];

    /// <summary>The byte whose decision interval holds the sample (G.711 table 1a, column 5).</summary>
    public static byte Encode(short sample)
    {
        // The negative half mirrors the positive one about -1/2, so that -1 falls into the first negative interval.
        var sign = sample >= 0 ? 0x80 : 0;
        var magnitude = sample >= 0 ? sample : Math.Min(-sample - 1, LargestMagnitude);
        var segment = Math.Max(0, 32 - int.LeadingZeroCount(magnitude) - 8);
        var interval = (magnitude >> Math.Max(4, segment + 3)) & 0x0F;
        return (byte)((sign | (segment << 4) | interval) ^ EvenBits);
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
            var code = i ^ EvenBits;
            var segment = (code >> 4) & 7;

            // The middle of the interval; segment 0 and 1 are one straight line, the others double in width.
            var magnitude = ((code & 0x0F) << 4) + 8;
            if (segment > 0)
            {
                magnitude = (magnitude + 0x100) << (segment - 1);
            }

            table[i] = (short)((code & 0x80) != 0 ? magnitude : -magnitude);
        }

        return table;
    }
}
