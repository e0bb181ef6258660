using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy;

/// <summary>The policy in force where none was configured: everything is recorded and kept five years.</summary>
public static class DefaultPolicy
{
    /// <summary>One rule, <c>all</c>.</summary>
    public static PolicyDocument Document { get; } = new(
    [
        new PolicyRule
        {
            Name = "all",
            Verdict = VerdictKind.Record,
            RetentionDays = 1826,
            Purpose = "all calls are recorded",
        },
    ]);
}
