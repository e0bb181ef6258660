using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;
using Talreg.Policy.Compiled;

namespace Talreg.Policy;

/// <summary>A policy ready to decide: immutable, safe on every thread.</summary>
/// <remarks>Looking for the rule allocates nothing; the explanation of the one that matched is the only text made.</remarks>
public sealed class CompiledPolicy
{
    private readonly CompiledRule[] _rules;
    private readonly RuleIndex _index;
    private readonly Catalog _catalog;
    private readonly int _duties;
    private readonly bool _looksAtParticipants;

    internal CompiledPolicy(PolicyDocument document)
    {
        _catalog = new Catalog(document);
        _rules = [.. InOrder(document.Rules).Select(rule => new CompiledRule(rule, _catalog))];
        _index = new RuleIndex(_rules);
        _duties = _rules.Count(static rule => rule.Rule.Duty != PolicyDuty.None);
        _looksAtParticipants = _rules.Any(static rule => rule.Rule.Party is not null);
        AsksForConsent = _rules.Any(static rule => rule.Rule.Consent is not null);
    }

    /// <summary>True when a rule looks at consent, so that it is worth asking for.</summary>
    public bool AsksForConsent { get; }

    /// <summary>
    /// The rules in the order in which they decide: duties by falling rank, of one rank those not to record first; then
    /// the rules
    /// without a duty. Where that leaves two equal, their place in the document decides.
    /// </summary>
    public static IEnumerable<PolicyRule> InOrder(IEnumerable<PolicyRule> rules) => rules
        .OrderBy(static rule => rule.Duty == PolicyDuty.None ? 1 : 0)
        .ThenByDescending(static rule => rule.Duty == PolicyDuty.None ? 0 : rule.Rank)
        .ThenBy(static rule => rule.Duty == PolicyDuty.MustRecord ? 1 : 0);

    /// <summary>The strongest rule that matches decides.</summary>
    /// <exception cref="InvalidOperationException">No rule matches: the document was never validated.</exception>
    public PolicyVerdict Evaluate(in PolicyFacts facts) => Decide(facts, explain: true);

    /// <summary>
    /// As <see cref="Evaluate"/>, without explanations: the reason is empty, and a conflict is not said. Allocates
    /// nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">No rule matches: the document was never validated.</exception>
    public PolicyVerdict Find(in PolicyFacts facts) => Decide(facts, explain: false);

    private PolicyVerdict Decide(in PolicyFacts facts, bool explain)
    {
        var parties = _looksAtParticipants ? FactReader.MaxParties : 2;
        Span<char> text = stackalloc char[parties * PartyNumber.MaxLength];
        Span<PartyEntry> entries = stackalloc PartyEntry[parties];
        Span<long> local = stackalloc long[_catalog.Zones.Count];
        Span<char> channel = stackalloc char[FactReader.MaxChannel];
        var reader = new FactReader(facts, _catalog, text, entries, local, channel);
        var search = new RuleSearch(_rules, _duties);
        _index.Search(reader, ref search);
        if (search.Winner == RuleSearch.None)
        {
            return Unmatched(facts, reader, explain);
        }

        var verdict = Terms(_rules[search.Winner], reader, explain);
        return explain && search.Overruled != RuleSearch.None
            ? verdict with { Conflict = Overruled(_rules[search.Overruled], reader) }
            : verdict;
    }

    // Waiting is over and nothing else matches: what would have waited for ever is recorded, because audio that was not kept
    // cannot be had back.
    private PolicyVerdict Unmatched(in PolicyFacts facts, in FactReader reader, bool explain) =>
        facts.PendingOver && _rules[^1].Rule.Verdict == VerdictKind.Pending
            ? Terms(_rules[^1], reader, explain) with
            {
                Kind = VerdictKind.Record, PreBufferSeconds = 0, PendingSeconds = 0,
            }
            : throw new InvalidOperationException("A policy's last rule must match everything.");

    private static VerdictConflict Overruled(CompiledRule rule, in FactReader reader) =>
        new(rule.Rule.Name, rule.Rule.Duty, Explanation.Of(rule, reader));

    private static PolicyVerdict Terms(CompiledRule compiled, in FactReader reader, bool explain)
    {
        var rule = compiled.Rule;
        return new PolicyVerdict(
            rule.Verdict,
            rule.Name,
            explain ? Explanation.Of(compiled, reader) : "",
            TimeSpan.FromDays(rule.RetentionDays),
            rule.Purpose,
            rule.PreBufferSeconds,
            rule.Digits)
        {
            PendingSeconds = rule.PendingSeconds,
            LegalBasis = rule.LegalBasis,
            ExtendableToDays = rule.ExtendableToDays,
            Notice = rule.Notice,
            Listeners = rule.Listeners,
            Duty = rule.Duty,
        };
    }
}
