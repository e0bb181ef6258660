namespace Talreg.Media.Codecs;

/// <summary>
/// A codec whose decoder remembers: a packet's samples depend on those before it. It is given packets in runs, each run to a
/// fresh decoder, so that it keeps nothing between two calls and any part of a call can be decoded by itself. What a run
/// misses of the past is given to it as packets whose samples are thrown away (see <c>DecodedBlocks</c>).
/// </summary>
public abstract class FrameCodec : AudioCodec
{
    /// <summary>How much is best decoded at once: short where starting a decoder costs nothing.</summary>
    public virtual TimeSpan BlockDuration => TimeSpan.FromSeconds(10);

    /// <summary>
    /// Decodes consecutive packets of one stream with a decoder that starts with the first of them. A payload that the
    /// decoder refuses is silence of its length.
    /// </summary>
    /// <param name="payloads">RTP payloads in order.</param>
    /// <param name="samples">
    /// Filled completely: the samples of all payloads, one behind the other, each as many as
    /// <see cref="AudioCodec.CountSamples"/> says.
    /// </param>
    /// <exception cref="AudioDecodeException">The decoder itself failed; it says nothing about the packets.</exception>
    public abstract void Decode(ReadOnlySpan<ReadOnlyMemory<byte>> payloads, Span<short> samples);
}
