using System.Net;

namespace Talreg.Silo.Demo;

/// <summary>How the demo reaches the recorder.</summary>
public enum DemoTransport
{
    /// <summary>SIP over UDP, with the retransmissions of RFC 3261 §17.1.1.2.</summary>
    Udp,

    /// <summary>SIP over TCP.</summary>
    Tcp,
}

/// <summary>A part of a leg during which nothing is sent.</summary>
/// <param name="At">From the leg's first packet.</param>
/// <param name="Length">How long.</param>
public sealed record DemoPause(TimeSpan At, TimeSpan Length);

/// <summary>How one leg is sent.</summary>
public sealed record DemoLegPlan
{
    /// <summary>From the ACK to the first packet.</summary>
    public TimeSpan StartDelay { get; init; }

    /// <summary>Parts that are left out, as a sender with silence suppression does.</summary>
    public IReadOnlyList<DemoPause> Pauses { get; init; } = [];
}

/// <summary>One demo call.</summary>
public sealed record DemoCallOptions
{
    /// <summary>The recorder's SIP address.</summary>
    public required IPEndPoint Recorder { get; init; }

    /// <summary>UDP or TCP.</summary>
    public DemoTransport Transport { get; init; }

    /// <summary>The caller's number.</summary>
    public string CallerNumber { get; init; } = "+4930555010";

    /// <summary>The caller's name.</summary>
    public string CallerName { get; init; } = "Maria Keller";

    /// <summary>The agent's number.</summary>
    public string CalleeNumber { get; init; } = "+442070001234";

    /// <summary>The agent's name.</summary>
    public string CalleeName { get; init; } = "Northgate Securities";

    /// <summary>Ends the call earlier; null plays the voices to their end.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>How long an INVITE or BYE may go unanswered: 64 × T1 (RFC 3261 timer B, F).</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>T1: the first retransmission (RFC 3261 timer A); each next waits twice as long.</summary>
    public TimeSpan RetransmitAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The caller's leg, label 1.</summary>
    public DemoLegPlan CallerLeg { get; init; } = new();

    /// <summary>The agent's leg, label 2.</summary>
    public DemoLegPlan AgentLeg { get; init; } = new();
}

/// <summary>What the call is doing.</summary>
public enum DemoPhase
{
    /// <summary>The INVITE is sent.</summary>
    Inviting,

    /// <summary>The 200 is acknowledged.</summary>
    Answered,

    /// <summary>RTP flows; reported once a second.</summary>
    Talking,

    /// <summary>The BYE is sent.</summary>
    Ending,

    /// <summary>Over.</summary>
    Ended,
}

/// <summary>One report of progress.</summary>
/// <param name="Phase">What the call is doing.</param>
/// <param name="Talked">How long RTP has flowed.</param>
public sealed record DemoProgress(DemoPhase Phase, TimeSpan Talked);

/// <summary>How the call ended.</summary>
public enum DemoOutcome
{
    /// <summary>Answered, played, BYE answered.</summary>
    Completed,

    /// <summary>A final response other than 2xx.</summary>
    Refused,

    /// <summary>No final response to the INVITE in time.</summary>
    NoAnswer,

    /// <summary>The recorder's address does not take the connection.</summary>
    Unreachable,

    /// <summary>The 200 holds no SDP that fits the offer.</summary>
    BadAnswer,

    /// <summary>Played, but the BYE was not answered in time.</summary>
    ByeUnanswered,
}

/// <summary>One leg as it was sent.</summary>
public sealed record DemoLegResult
{
    /// <summary>The SDP label, 1 or 2.</summary>
    public required int Label { get; init; }

    /// <summary>The answered port; 0 when the recorder did not want this leg.</summary>
    public int AnswerPort { get; init; }

    /// <summary>The SSRC.</summary>
    public uint Ssrc { get; init; }

    /// <summary>Packets sent.</summary>
    public int PacketsSent { get; init; }

    /// <summary>Packets the socket refused, for example because the port was closed.</summary>
    public int SendErrors { get; init; }

    /// <summary>When the first packet was sent.</summary>
    public DateTimeOffset? FirstAt { get; init; }

    /// <summary>When the last packet was sent.</summary>
    public DateTimeOffset? LastAt { get; init; }
}

/// <summary>What became of the call.</summary>
public sealed record DemoCallResult
{
    /// <summary>How it ended.</summary>
    public required DemoOutcome Outcome { get; init; }

    /// <summary>The final SIP status of the INVITE; 0 without one.</summary>
    public int Status { get; init; }

    /// <summary>The status line's reason, or what went wrong, in words.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The SIP Call-ID.</summary>
    public required string SipCallId { get; init; }

    /// <summary>The session id of the metadata, base64 (RFC 7865 §6.10).</summary>
    public required string SessionId { get; init; }

    /// <summary>From the INVITE to its final response.</summary>
    public TimeSpan SetupTime { get; init; }

    /// <summary>INVITEs sent, the first included.</summary>
    public int InvitesSent { get; init; }

    /// <summary>Ticks of 20 ms that came more than 10 ms late.</summary>
    public int LateTicks { get; init; }

    /// <summary>Both legs; empty when the call was not answered.</summary>
    public IReadOnlyList<DemoLegResult> Legs { get; init; } = [];
}
