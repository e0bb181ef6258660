using System.Text;

namespace Talreg.Media.Codecs;

/// <summary>
/// AMR and AMR-WB (RFC 4867), speech frames by the external decoder. Comfort noise, absent and damaged frames are
/// silence of their length.
/// </summary>
public sealed class Amr : FrameCodec
{
    internal const string NarrowName = "AMR";
    internal const string WideName = "AMR-WB";

    private readonly AmrMode _mode;
    private readonly ExternalDecoder _decoder;
    private readonly AmrPacking _agreed;

    /// <summary>Makes a codec.</summary>
    /// <param name="mode">AMR or AMR-WB.</param>
    /// <param name="decoder">Decodes frames.</param>
    /// <param name="agreed">How SDP says that payloads are packed.</param>
    internal Amr(
        AmrMode mode, ExternalDecoder decoder, AmrPacking agreed = AmrPacking.BandwidthEfficient)
    {
        _mode = mode;
        _decoder = decoder;
        _agreed = agreed;
    }

    /// <inheritdoc />
    public override string Name => _mode == AmrMode.Wide ? WideName : NarrowName;

    /// <inheritdoc />
    public override int ClockRate => _mode.SampleRate;

    /// <inheritdoc />
    public override int SampleRate => _mode.SampleRate;

    /// <inheritdoc />
    public override TimeSpan BlockDuration => TimeSpan.FromSeconds(30);

    /// <inheritdoc />
    public override int CountSamples(ReadOnlySpan<byte> payload) =>
        AmrPayload.CountFrames(_mode, payload, _agreed) * _mode.FrameSamples;

    /// <inheritdoc />
    public override void Decode(ReadOnlySpan<ReadOnlyMemory<byte>> payloads, Span<short> samples)
    {
        using var file = new MemoryStream();
        file.Write(Encoding.ASCII.GetBytes(_mode.Magic));
        var plan = new (int Frames, int Spoken)[payloads.Length];
        var speechFrames = 0;
        for (var i = 0; i < payloads.Length; i++)
        {
            var frames = AmrPayload.WriteSpeech(_mode, payloads[i].Span, file, out var spoken, _agreed);
            plan[i] = (frames, spoken);
            speechFrames += System.Numerics.BitOperations.PopCount((uint)spoken);
        }

        var decoded = new short[speechFrames * _mode.FrameSamples];
        if (decoded.Length > 0)
        {
            _decoder.Decode("amr", file.ToArray(), SampleRate, decoded);
        }

        Place(plan, decoded, samples);
    }

    private void Place(
        ReadOnlySpan<(int Frames, int Spoken)> plan, ReadOnlySpan<short> speech, Span<short> samples)
    {
        foreach (var (frames, spoken) in plan)
        {
            for (var i = 0; i < frames; i++)
            {
                var part = samples[.._mode.FrameSamples];
                samples = samples[_mode.FrameSamples..];
                if ((spoken & (1 << i)) == 0)
                {
                    part.Clear();
                    continue;
                }

                speech[..part.Length].CopyTo(part);
                speech = speech[part.Length..];
            }
        }
    }
}
