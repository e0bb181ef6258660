namespace Talreg.Capture;

/// <summary>What SDP agreed for one m-line.</summary>
/// <param name="Label">The SDP label (RFC 4574), or empty.</param>
/// <param name="PayloadType">The payload type offered first.</param>
/// <param name="ClockRate">RTP clock rate, in Hz.</param>
/// <param name="Codec">The SDP encoding name, such as <c>PCMA</c>.</param>
/// <param name="Recorded">False for an inactive m-line: what arrives all the same is counted, not stored.</param>
public sealed record StreamPlan(string Label, int PayloadType, int ClockRate, string Codec, bool Recorded = true);
