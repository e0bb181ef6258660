namespace Talreg.Media.Codecs;

/// <summary>
/// A codec without memory: any sample of any packet decodes by itself, whatever came before it.
/// </summary>
public abstract class SampleCodec : AudioCodec
{
    /// <summary>Decodes a run of samples.</summary>
    /// <param name="payload">The whole RTP payload of one packet.</param>
    /// <param name="firstSample">The first sample wanted, 0-based within the packet.</param>
    /// <param name="samples">Filled completely; the caller asks for no more than the payload holds.</param>
    public abstract void Decode(ReadOnlySpan<byte> payload, int firstSample, Span<short> samples);
}
