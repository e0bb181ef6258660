namespace Talreg.Media.Codecs;

/// <summary>
/// Turns payload bytes into 16-bit samples at 8000 Hz. Stateless and safe on any thread: a packet decodes the same
/// whatever came before it, which is what makes random access into a call possible.
/// </summary>
public abstract class AudioCodec
{
    /// <summary>Samples per second of everything this room decodes, and of the WAV it makes.</summary>
    public const int SampleRate = 8000;

    /// <summary>The encoding name as SDP writes it (RFC 3551 §6).</summary>
    public abstract string Name { get; }

    /// <summary>How many samples a payload of so many bytes holds.</summary>
    /// <param name="payloadBytes">Length of the RTP payload, in bytes.</param>
    public abstract int CountSamples(int payloadBytes);

    /// <summary>Decodes a run of samples.</summary>
    /// <param name="payload">The whole RTP payload of one packet.</param>
    /// <param name="firstSample">The first sample wanted, 0-based within the packet.</param>
    /// <param name="samples">Filled completely; the caller asks for no more than the payload holds.</param>
    public abstract void Decode(ReadOnlySpan<byte> payload, int firstSample, Span<short> samples);

    /// <summary>The codec of an encoding name and RTP clock rate (Hz), or null when this room cannot decode it.</summary>
    public static AudioCodec? Find(string name, int clockRate)
    {
        if (clockRate != SampleRate)
        {
            return null;
        }

        if (name.Equals(G711ALaw.Instance.Name, StringComparison.OrdinalIgnoreCase))
        {
            return G711ALaw.Instance;
        }

        return name.Equals(G711MuLaw.Instance.Name, StringComparison.OrdinalIgnoreCase) ? G711MuLaw.Instance : null;
    }
}
