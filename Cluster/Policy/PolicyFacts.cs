using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;

namespace Talreg.Policy;

/// <summary>What a policy may look at.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="Line">The line's name.</param>
/// <param name="Calling">The calling party: an address of record or a number.</param>
/// <param name="Called">The called party: an address of record or a number.</param>
/// <param name="Direction">Direction of the call, seen from the line.</param>
public readonly record struct PolicyFacts(
    string Interface, string Line, string Calling, string Called, CallDirection Direction);

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
    DigitHandling Digits = DigitHandling.Store);
