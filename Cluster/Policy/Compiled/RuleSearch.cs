using Talreg.Contracts.Policies;

namespace Talreg.Policy.Compiled;

/// <summary>The strongest rules found so far: of each duty, and without one.</summary>
/// <param name="rules">All rules in the order in which they decide: duties first.</param>
/// <param name="duties">How many of them are duties.</param>
internal struct RuleSearch(CompiledRule[] rules, int duties)
{
    /// <summary>No rule.</summary>
    public const int None = int.MaxValue;

    private int _mustNotRecord = None;
    private int _mustRecord = None;
    private int _ordinary = None;

    /// <summary>The rule that decides.</summary>
    public readonly int Winner => Math.Min(Math.Min(_mustNotRecord, _mustRecord), _ordinary);

    /// <summary>
    /// The strongest duty that demands the opposite of the winner's; <see cref="None"/> for no conflict.
    /// </summary>
    public readonly int Overruled => Math.Max(_mustNotRecord, _mustRecord);

    /// <summary>Looks at rules that may match.</summary>
    /// <param name="positions">Ascending.</param>
    /// <param name="facts">The facts.</param>
    public void Scan(ReadOnlySpan<int> positions, in FactReader facts)
    {
        foreach (var position in positions)
        {
            if (position >= duties)
            {
                // Without a duty the first that matches is all that counts, and nothing once there is a duty.
                if (position >= _ordinary || Math.Min(_mustNotRecord, _mustRecord) != None)
                {
                    return;
                }

                if (rules[position].Matches(facts))
                {
                    _ordinary = position;
                    return;
                }

                continue;
            }

            var rule = rules[position];
            ref var best = ref _mustRecord;
            if (rule.Rule.Duty == PolicyDuty.MustNotRecord)
            {
                best = ref _mustNotRecord;
            }

            if (position < best && rule.Matches(facts))
            {
                best = position;
            }
        }
    }
}
