using System.Buffers.Binary;

namespace Talreg.Media.Codecs;

/// <summary>
/// L16 at 8000 or 16000 Hz, one channel: signed 16-bit samples in network byte order (RFC 3551 §4.5.11). Other rates and
/// two channels are <see cref="L16Converted"/>.
/// </summary>
public sealed class L16 : SampleCodec
{
    internal const string EncodingName = "L16";

    private L16(int rate) => SampleRate = rate;

    /// <summary>At 8000 Hz.</summary>
    public static L16 Narrow { get; } = new(8000);

    /// <summary>At 16000 Hz.</summary>
    public static L16 Wide { get; } = new(16_000);

    /// <inheritdoc />
    public override string Name => EncodingName;

    /// <inheritdoc />
    public override int ClockRate => SampleRate;

    /// <inheritdoc />
    public override int SampleRate { get; }

    /// <inheritdoc />
    public override int CountSamples(ReadOnlySpan<byte> payload) => payload.Length / 2;

    /// <inheritdoc />
    public override void Decode(ReadOnlySpan<byte> payload, int firstSample, Span<short> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = BinaryPrimitives.ReadInt16BigEndian(payload[(2 * (firstSample + i))..]);
        }
    }
}
