namespace Talreg.Capture.Srtp;

/// <summary>What is remembered of one SSRC under one key.</summary>
internal sealed class SrtpSource(uint ssrc)
{
    /// <summary>RTP: rollover counter and sequence number, 48 bits.</summary>
    internal ReplayWindow Rtp;

    /// <summary>RTCP: 31 bits.</summary>
    internal ReplayWindow Rtcp;

    internal uint Ssrc { get; } = ssrc;

    /// <summary>
    /// The index a sequence number most likely has: the one nearest to the highest so far (RFC 3711 §3.3.1, appendix A).
    /// </summary>
    /// <param name="highest">The highest index so far.</param>
    /// <param name="sequence">The number in the packet.</param>
    internal static long Estimate(long highest, ushort sequence)
    {
        var index = highest + (short)(ushort)(sequence - (ushort)highest);

        // There is no turn of the counter before the first.
        return index < 0 ? index + 65_536 : index;
    }
}
