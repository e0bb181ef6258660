using Talreg.Capture;
using Talreg.Gateway.Ownership;
using Talreg.Sip;
using Talreg.Store.Journal;

namespace Talreg.Gateway;

/// <summary>A gateway's counters at one moment.</summary>
/// <param name="Sip">Of the SIP server.</param>
/// <param name="Capture">Of the capture engine.</param>
/// <param name="Journal">Of the journal.</param>
/// <param name="Sessions">Recording sessions alive.</param>
/// <param name="Unsealed">Takes that ended and wait to be sealed.</param>
/// <param name="Sealed">Takes sealed since the start.</param>
/// <param name="Damaged">Takes the journal does not give as they were written, since the start; kept, not
/// sealed.</param>
/// <param name="RecoveredUnsealed">Takes of earlier processes that were found and are not sealed yet.</param>
/// <param name="RecoveryFailed">Takes of earlier processes that cannot be made ready to be sealed.</param>
/// <param name="Refused">SIP messages refused since the start.</param>
/// <param name="RefusedCalls">INVITEs answered 503 since the start, each a gap in the ledger.</param>
/// <param name="Taps">Live taps open.</param>
/// <param name="TapDrops">Packets that slow listeners did not get.</param>
/// <param name="Shedding">True while live taps and sealing are stopped for load.</param>
/// <param name="Refusing">True while new INVITEs are answered 503 for load.</param>
/// <param name="CoreUse">The busiest receive thread's share of a core, 0 to 1.</param>
/// <param name="RingUse">How full the fullest way into the journal is, 0 to 1.</param>
public sealed record GatewayCounters(
    SipCounters Sip,
    CaptureTotals Capture,
    JournalHealth Journal,
    int Sessions,
    long Unsealed,
    long Sealed,
    long Damaged,
    long RecoveredUnsealed,
    long RecoveryFailed,
    long Refused,
    long RefusedCalls,
    int Taps,
    long TapDrops,
    bool Shedding,
    bool Refusing,
    double CoreUse,
    double RingUse)
{
    /// <summary>The gateway's part in its interface; null for one that takes part in no takeover.</summary>
    public OwnershipCounters? Ownership { get; init; }

    /// <summary>RTCP packets sent, and such that the system would not send.</summary>
    public (long Sent, long Failed) Reports { get; init; }

    /// <summary>Calls that were admitted and could not be captured, since the start; each is a gap in the ledger.</summary>
    public long NotCaptured { get; init; }
}
