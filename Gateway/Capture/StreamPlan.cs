using Talreg.Capture.Srtp;

namespace Talreg.Capture;

/// <summary>What SDP agreed for one m-line.</summary>
/// <param name="Label">The SDP label (RFC 4574), or empty.</param>
/// <param name="PayloadType">The payload type offered first.</param>
/// <param name="ClockRate">RTP clock rate, in Hz.</param>
/// <param name="Codec">The SDP encoding name, such as <c>PCMA</c>.</param>
/// <param name="Recorded">False for an inactive m-line: what arrives all the same is counted, not stored.</param>
public sealed record StreamPlan(string Label, int PayloadType, int ClockRate, string Codec, bool Recorded = true)
{
    /// <summary>
    /// What the sender protects its packets with (SRTP, RFC 3711); null for plain RTP. Other keys in a later plan are a key
    /// change: packets under either are taken until the sender has gone over.
    /// </summary>
    public SrtpKeys? Crypto { get; init; }

    /// <summary>Payload types of telephone events (RFC 4733), 0-127.</summary>
    public IReadOnlyList<int> TelephoneEvents { get; init; } = [];
}
