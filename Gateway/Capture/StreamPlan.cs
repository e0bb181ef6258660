using System.Net;
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

    /// <summary>Payload types of redundant audio (RED, RFC 2198), 0-127: such a packet may carry events within.</summary>
    public IReadOnlyList<int> Redundant { get; init; } = [];

    /// <summary>
    /// Every payload format that was agreed, as SDP told it. Capture keeps what comes, whatever it is; who plays it needs
    /// to know.
    /// </summary>
    public IReadOnlyList<PayloadFormat> Formats { get; init; } = [];

    /// <summary>How the peer is told what came; null: to where its own reports come from, and from the RTCP port.</summary>
    public ReportPlan? Reports { get; init; }
}

/// <summary>A payload format (RFC 8866 §6.6, §6.15).</summary>
/// <param name="Type">The payload type, 0-127.</param>
/// <param name="Codec">The encoding name.</param>
/// <param name="ClockRate">The RTP clock rate, in Hz; 0 when unknown.</param>
/// <param name="Channels">The channels.</param>
/// <param name="Parameters">The format's parameters; null for none.</param>
public sealed record PayloadFormat(int Type, string Codec, int ClockRate, int Channels, string? Parameters);

/// <summary>What SDP agreed for receiver reports (RTCP, RFC 3550 §6.4.2). An m-line not recorded gets none.</summary>
public sealed record ReportPlan
{
    /// <summary>
    /// Where the peer hears RTCP (<c>a=rtcp</c>, or the port above); null when it did not say. Once its own reports come, they
    /// go to where these come from.
    /// </summary>
    public IPEndPoint? To { get; init; }

    /// <summary>True sends from the RTP port, to which the peer sends both (RFC 5761).</summary>
    public bool Mux { get; init; }

    /// <summary>Our own key, as answered; null for plain RTCP. A stream under SRTP without one is not reported on.</summary>
    public SrtpKeys? Crypto { get; init; }
}
