namespace Talreg.Media.Codecs;

/// <summary>
/// What is known of a codec before a packet of it is decoded: its name, its clocks, and how long a payload lasts. Safe on any
/// thread. A codec is either a <see cref="SampleCodec"/> or a <see cref="FrameCodec"/>.
/// </summary>
public abstract class AudioCodec
{
    /// <summary>
    /// Ticks per second of every timeline, whatever the codec: one tick is 125 µs, a sample of G.711.
    /// </summary>
    public const int TicksPerSecond = 8000;

    private protected AudioCodec()
    {
    }

    /// <summary>The encoding name as SDP writes it (RFC 3551 §6).</summary>
    public abstract string Name { get; }

    /// <summary>Units per second of the RTP timestamp, in Hz: for some codecs not their sampling rate.</summary>
    public abstract int ClockRate { get; }

    /// <summary>Samples per second of what it decodes to: 8000 or 16000, in Hz.</summary>
    public abstract int SampleRate { get; }

    /// <summary>Samples of one tick: 1 or 2.</summary>
    public int SamplesPerTick => SampleRate / TicksPerSecond;

    /// <summary>How many samples a payload decodes to; what cannot be read as a payload counts 0.</summary>
    /// <param name="payload">The RTP payload of one packet.</param>
    public abstract int CountSamples(ReadOnlySpan<byte> payload);

    /// <summary>How many whole ticks a payload lasts.</summary>
    /// <param name="payload">The RTP payload of one packet.</param>
    public int CountTicks(ReadOnlySpan<byte> payload) => CountSamples(payload) / SamplesPerTick;
}
