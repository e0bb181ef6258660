namespace Talreg.Capture.Srtp;

/// <summary>
/// The transform of one master key: checks and opens a packet whose index is known, or seals an RTCP packet. No allocation
/// per packet. One thread.
/// </summary>
internal abstract class SrtpCipher : IDisposable
{
    /// <summary>Bytes of an RTCP packet that are never encrypted: its first header and SSRC.</summary>
    protected const int RtcpHeaderSize = 8;

    /// <summary>Bytes of the word behind an RTCP packet: E and the index (RFC 3711 §3.4).</summary>
    protected const int RtcpIndexSize = 4;

    /// <summary>The E bit: the packet is encrypted.</summary>
    protected const uint Encrypted = 0x8000_0000;

    /// <summary>Makes the transform of a suite.</summary>
    internal static SrtpCipher Create(SrtpKeys keys) =>
        keys.Suite.IsAead() ? new GcmCipher(keys) : new CounterCipher(keys);

    /// <summary>The fewest bytes an RTP packet has behind its header.</summary>
    internal abstract int RtpOverhead { get; }

    /// <summary>The fewest bytes an RTCP packet has behind its first header.</summary>
    internal abstract int RtcpOverhead { get; }

    /// <summary>Where the RTCP index stands: so many bytes before the packet's end.</summary>
    internal abstract int RtcpIndexFromEnd { get; }

    /// <summary>Opens an RTP packet in place; leaves it as it was when its tag is wrong.</summary>
    /// <param name="packet">At least header and <see cref="RtpOverhead"/>.</param>
    /// <param name="header">Length of the header, contributing sources and extension included.</param>
    /// <param name="index">Rollover counter and sequence number.</param>
    /// <param name="workspace">Memory.</param>
    /// <param name="length">Length of the RTP packet that is left.</param>
    internal abstract bool TryOpen(
        Span<byte> packet, int header, long index, SrtpWorkspace workspace, out int length);

    /// <summary>Opens an RTCP packet in place; leaves it as it was when its tag is wrong.</summary>
    internal abstract bool TryOpenRtcp(Span<byte> packet, SrtpWorkspace workspace, out int length);

    /// <summary>Seals an RTCP packet, encrypted.</summary>
    /// <param name="buffer">The packet, and behind it room for what is added.</param>
    /// <param name="length">Length of the packet.</param>
    /// <param name="index">Its index, 31 bits, never used before under this key.</param>
    /// <param name="workspace">Memory.</param>
    /// <returns>Length of the sealed packet.</returns>
    internal abstract int SealRtcp(Span<byte> buffer, int length, uint index, SrtpWorkspace workspace);

    /// <inheritdoc />
    public abstract void Dispose();
}
