using System.Text;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Policy;

/// <summary>A policy ready to decide: immutable, safe on every thread.</summary>
/// <remarks>Looking for the rule allocates nothing; the explanation of the one that matched is the only text made.</remarks>
public sealed class CompiledPolicy
{
    private readonly CompiledRule[] _rules;

    internal CompiledPolicy(IReadOnlyList<PolicyRule> rules)
    {
        _rules = new CompiledRule[rules.Count];
        for (var i = 0; i < _rules.Length; i++)
        {
            _rules[i] = new CompiledRule(rules[i]);
        }
    }

    /// <summary>The first rule that matches decides.</summary>
    /// <exception cref="InvalidOperationException">No rule matches: the document was never validated.</exception>
    public PolicyVerdict Evaluate(in PolicyFacts facts)
    {
        Span<char> callingBuffer = stackalloc char[PartyNumber.MaxLength];
        Span<char> calledBuffer = stackalloc char[PartyNumber.MaxLength];
        ReadOnlySpan<char> calling = callingBuffer[..PartyNumber.Normalize(facts.Calling, callingBuffer)];
        ReadOnlySpan<char> called = calledBuffer[..PartyNumber.Normalize(facts.Called, calledBuffer)];
        foreach (var rule in _rules)
        {
            if (rule.Matches(facts, calling, called))
            {
                return rule.Decide(facts, calling, called);
            }
        }

        throw new InvalidOperationException("A policy's last rule must match everything.");
    }

    private sealed class CompiledRule
    {
        private readonly PolicyRule _rule;
        private readonly string? _interface;
        private readonly string? _line;
        private readonly string? _calling;
        private readonly string? _called;

        public CompiledRule(PolicyRule rule)
        {
            _rule = rule;
            if (rule.Channel is { } channel)
            {
                var slash = channel.IndexOf('/', StringComparison.Ordinal);
                _interface = channel[..slash];
                _line = channel[(slash + 1)..] is var line && line != "*" ? line : null;
            }

            _calling = rule.CallingPrefix is { } calling ? PartyNumber.Normalize(calling) : null;
            _called = rule.CalledPrefix is { } called ? PartyNumber.Normalize(called) : null;
        }

        public bool Matches(in PolicyFacts facts, ReadOnlySpan<char> calling, ReadOnlySpan<char> called) =>
            (_interface is null || string.Equals(facts.Interface, _interface, StringComparison.Ordinal))
            && (_line is null || string.Equals(facts.Line, _line, StringComparison.Ordinal))
            && (_rule.Direction is null || facts.Direction == _rule.Direction)
            && (_calling is null || calling.StartsWith(_calling, StringComparison.Ordinal))
            && (_called is null || called.StartsWith(_called, StringComparison.Ordinal));

        public PolicyVerdict Decide(in PolicyFacts facts, ReadOnlySpan<char> calling, ReadOnlySpan<char> called) => new(
            _rule.Verdict,
            _rule.Name,
            Explain(facts, calling, called),
            TimeSpan.FromDays(_rule.RetentionDays),
            _rule.Purpose,
            _rule.PreBufferSeconds,
            _rule.Digits);

        /// <summary>Names the rule and each fact it looked at, and no other: a reason never says more than was used.</summary>
        private string Explain(in PolicyFacts facts, ReadOnlySpan<char> calling, ReadOnlySpan<char> called)
        {
            var text = new StringBuilder("rule '").Append(_rule.Name).Append("': ");
            var start = text.Length;
            if (_rule.Channel is { } channel)
            {
                text.Append("channel ").Append(facts.Interface).Append('/').Append(facts.Line);
                text.Append(" is ").Append(channel);
            }

            if (_rule.Direction is { } direction)
            {
                Separate(text, start).Append("direction is ").Append(Word(direction));
            }

            if (_calling is not null)
            {
                Separate(text, start).Append("calling ").Append(calling).Append(" begins with ").Append(_calling);
            }

            if (_called is not null)
            {
                Separate(text, start).Append("called ").Append(called).Append(" begins with ").Append(_called);
            }

            return text.Length == start ? text.Append("matches every call").ToString() : text.ToString();
        }

        private static StringBuilder Separate(StringBuilder text, int start) =>
            text.Length == start ? text : text.Append(", ");

        private static string Word(CallDirection direction) => direction switch
        {
            CallDirection.Inbound => "inbound",
            CallDirection.Outbound => "outbound",
            CallDirection.Internal => "internal",
            _ => "unknown",
        };
    }
}
