using System.Buffers.Binary;

namespace Talreg.Media.Codecs;

/// <summary>
/// L16 at another rate than 8000 or 16000 Hz, or of two channels (interleaved, left first, RFC 3551 §4.1), brought to one
/// channel at 16000 Hz. Packets are converted with their neighbours in the run, so that no seam is heard.
/// </summary>
public sealed class L16Converted : FrameCodec
{
    private const int Rate = 16_000;
    private const double PassBand = 0.94;

    private readonly int _channels;

    internal L16Converted(int clockRate, int channels)
    {
        ClockRate = clockRate;
        _channels = channels;
    }

    /// <summary>The lowest and the highest rate that is converted, in Hz.</summary>
    internal static (int Lowest, int Highest) Rates => (8000, 48_000);

    /// <inheritdoc />
    public override string Name => L16.EncodingName;

    /// <inheritdoc />
    public override int ClockRate { get; }

    /// <inheritdoc />
    public override int SampleRate => Rate;

    /// <inheritdoc />
    public override int CountSamples(ReadOnlySpan<byte> payload)
    {
        // Rounded up to a whole tick: what is too much is covered by the next packet, and no hole is left.
        var frames = (long)(payload.Length / (2 * _channels));
        return SamplesPerTick * (int)(((frames * TicksPerSecond) + ClockRate - 1) / ClockRate);
    }

    /// <inheritdoc />
    public override void Decode(ReadOnlySpan<ReadOnlyMemory<byte>> payloads, Span<short> samples)
    {
        var lengths = new int[payloads.Length];
        var total = 0;
        for (var i = 0; i < payloads.Length; i++)
        {
            lengths[i] = payloads[i].Length / (2 * _channels);
            total += lengths[i];
        }

        var source = new short[total];
        var at = 0;
        for (var i = 0; i < payloads.Length; i++)
        {
            Mix(payloads[i].Span, source.AsSpan(at, lengths[i]));
            at += lengths[i];
        }

        var cutoff = PassBand * Math.Min(1, (double)Rate / ClockRate);
        int first = 0, written = 0;
        for (var i = 0; i < payloads.Length; i++)
        {
            var count = CountSamples(payloads[i].Span);
            for (var n = 0; n < count; n++)
            {
                var position = first + ((double)n * ClockRate / Rate);
                samples[written++] = RateConverter.Sample(source, position, cutoff);
            }

            first += lengths[i];
        }
    }

    private void Mix(ReadOnlySpan<byte> payload, Span<short> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            var sum = 0;
            for (var channel = 0; channel < _channels; channel++)
            {
                sum += BinaryPrimitives.ReadInt16BigEndian(payload[(2 * ((i * _channels) + channel))..]);
            }

            samples[i] = (short)(sum / _channels);
        }
    }
}
