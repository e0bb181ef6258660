namespace Talreg.Media.Codecs;

/// <summary>
/// G722 at 64 kbit/s. Its RTP clock is 8000 Hz although its samples come at 16000 Hz: an error of RFC 1890 that is kept for
/// compatibility (RFC 3551 §4.5.2).
/// </summary>
public sealed class G722 : FrameCodec
{
    private G722()
    {
    }

    /// <summary>The one instance.</summary>
    public static G722 Instance { get; } = new();

    /// <inheritdoc />
    public override string Name => "G722";

    /// <inheritdoc />
    public override int ClockRate => 8000;

    /// <inheritdoc />
    public override int SampleRate => 16_000;

    /// <inheritdoc />
    public override int CountSamples(ReadOnlySpan<byte> payload) => 2 * payload.Length;

    /// <inheritdoc />
    public override void Decode(ReadOnlySpan<ReadOnlyMemory<byte>> payloads, Span<short> samples)
    {
        var decoder = new G722Decoder();
        foreach (var payload in payloads)
        {
            var count = 2 * payload.Length;
            decoder.Decode(payload.Span, samples[..count]);
            samples = samples[count..];
        }
    }
}
