namespace Talreg.Media.Codecs;

/// <summary>
/// G729 (RFC 3551 §4.5.6): frames of 10 bytes and 10 ms each, and at most one frame of comfort noise (Annex B) of 2 bytes
/// behind them. The external decoder knows no Annex B: noise frames are taken out and heard as silence.
/// </summary>
public sealed class G729 : FrameCodec
{
    private const int FrameBytes = 10;
    private const int FrameSamples = 80;
    private const int NoiseBytes = 2;

    private readonly ExternalDecoder _decoder;

    internal G729(ExternalDecoder decoder) => _decoder = decoder;

    /// <inheritdoc />
    public override string Name => "G729";

    /// <inheritdoc />
    public override int ClockRate => 8000;

    /// <inheritdoc />
    public override int SampleRate => 8000;

    /// <inheritdoc />
    public override TimeSpan BlockDuration => TimeSpan.FromSeconds(30);

    /// <inheritdoc />
    public override int CountSamples(ReadOnlySpan<byte> payload)
    {
        var (frames, rest) = Math.DivRem(payload.Length, FrameBytes);
        return (frames + (rest == NoiseBytes ? 1 : 0)) * FrameSamples;
    }

    /// <inheritdoc />
    public override void Decode(ReadOnlySpan<ReadOnlyMemory<byte>> payloads, Span<short> samples)
    {
        using var frames = new MemoryStream();
        foreach (var payload in payloads)
        {
            frames.Write(payload.Span[..(payload.Length - (payload.Length % FrameBytes))]);
        }

        var decoded = new short[frames.Length / FrameBytes * FrameSamples];
        if (decoded.Length > 0)
        {
            _decoder.Decode("g729", frames.ToArray(), SampleRate, decoded);
        }

        var speech = decoded.AsSpan();
        foreach (var payload in payloads)
        {
            var spoken = payload.Length / FrameBytes * FrameSamples;
            speech[..spoken].CopyTo(samples);
            speech = speech[spoken..];
            samples[spoken..CountSamples(payload.Span)].Clear();
            samples = samples[CountSamples(payload.Span)..];
        }
    }
}
