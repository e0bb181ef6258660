namespace Talreg.Media.Codecs;

/// <summary>
/// Opus (RFC 6716, RTP by RFC 7587) through libopus, brought to one channel at 16000 Hz. Its RTP clock is always 48000 Hz
/// (RFC 7587 §4.1). Lost packets stay silent: what was not received is not made up from the redundancy in its successor.
/// </summary>
public sealed class Opus : FrameCodec
{
    private const int Rate = 16_000;

    internal Opus()
    {
    }

    /// <inheritdoc />
    public override string Name => "opus";

    /// <inheritdoc />
    public override int ClockRate => 48_000;

    /// <inheritdoc />
    public override int SampleRate => Rate;

    /// <inheritdoc />
    public override int CountSamples(ReadOnlySpan<byte> payload) => OpusPacket.CountTicks(payload) * SamplesPerTick;

    /// <inheritdoc />
    public override void Decode(ReadOnlySpan<ReadOnlyMemory<byte>> payloads, Span<short> samples)
    {
        using var decoder = OpusLibrary.Create(Rate, 1, out var error);
        if (decoder.IsInvalid || error != 0)
        {
            throw new AudioDecodeException($"{OpusLibrary.FileName} made no decoder: error {error}.");
        }

        foreach (var payload in payloads)
        {
            var count = CountSamples(payload.Span);
            var part = samples[..count];
            if (count > 0 && OpusLibrary.Decode(decoder, payload.Span, payload.Length, part, count, 0) != count)
            {
                part.Clear();
            }

            samples = samples[count..];
        }
    }
}
