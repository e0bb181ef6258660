using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy;

/// <summary>What a policy says of a call; whoever asked adds time, policy and version.</summary>
/// <param name="Kind">The decision.</param>
/// <param name="Rule">The rule that decided.</param>
/// <param name="Reason">The facts that made the rule apply, as text.</param>
/// <param name="Retention">How long the communication is kept, from its end.</param>
/// <param name="Purpose">Why, in the policy's words.</param>
/// <param name="PreBufferSeconds">Seconds before a start that are recorded too.</param>
/// <param name="Digits">What becomes of keys pressed.</param>
public readonly record struct PolicyVerdict(
    VerdictKind Kind,
    string Rule,
    string Reason,
    TimeSpan Retention,
    string Purpose,
    int PreBufferSeconds = 0,
    DigitHandling Digits = DigitHandling.Store)
{
    /// <summary>Seconds until a pending call is decided with what is known by then.</summary>
    public int PendingSeconds { get; init; }

    /// <summary>The legal basis, where the rule states one.</summary>
    public LegalBasis? LegalBasis { get; init; }

    /// <summary>Days to which the retention may be extended; 0 for never.</summary>
    public int ExtendableToDays { get; init; }

    /// <summary>What the parties must be told or hear.</summary>
    public NoticeKind Notice { get; init; }

    /// <summary>Who may listen; null for everyone whom the API lets in.</summary>
    public IReadOnlyList<string>? Listeners { get; init; }

    /// <summary>Whether the rule is a duty.</summary>
    public PolicyDuty Duty { get; init; }

    /// <summary>The opposite duty that was overruled; null for no conflict.</summary>
    public VerdictConflict? Conflict { get; init; }

    /// <summary>The verdict as a call keeps it.</summary>
    /// <param name="at">When it is given.</param>
    /// <param name="policy">The policy that decided.</param>
    /// <param name="version">Its version.</param>
    public Verdict Given(DateTimeOffset at, string policy, int version) => new()
    {
        At = at,
        Kind = Kind,
        Policy = policy,
        Version = version,
        Rule = Rule,
        Reason = Reason,
        Autonomous = false,
        Retention = Retention,
        Purpose = Purpose,
        PreBufferSeconds = PreBufferSeconds,
        Digits = Digits,
        PendingSeconds = PendingSeconds,
        LegalBasis = LegalBasis,
        ExtendableToDays = ExtendableToDays,
        Notice = Notice,
        Listeners = Listeners,
        Duty = Duty,
        Conflict = Conflict,
    };
}
