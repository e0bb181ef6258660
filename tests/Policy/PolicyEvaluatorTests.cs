using CsCheck;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Tests;

public sealed class PolicyEvaluatorTests
{
    private static readonly PolicyFacts Facts = new(
        "sip1", "0812345", "sip:+49 89 12-345@example.com", "sip:Alice@example.com", CallDirection.Inbound);

    private static readonly Gen<PolicyFacts> AnyFacts = Gen.Select(
        Pick("sip1", "sip2"), Pick("1", "2", "3"),
        Pick("+4989", "sip:0049891@x", "tel:110", "alice", ""),
        Pick("112", "sip:bob@x", "+1 (555) 1"), Gen.Enum<CallDirection>())
        .Select((i, l, calling, called, d) => new PolicyFacts(i, l, calling, called, d));

    private static readonly Gen<PolicyRule> AnyRule = Gen.Select(
        Pick<string?>(null, "sip1/1", "sip1/*", "sip2/3"), Pick<string?>(null, "+49", "1", "al"),
        Pick<string?>(null, "112", "b", "+1"), Pick<CallDirection?>(null, CallDirection.Inbound),
        Gen.Enum<VerdictKind>())
        .Select((channel, calling, called, direction, kind) => new PolicyRule
        {
            Name = "x", Channel = channel ?? (calling is null && called is null ? "sip9/1" : null),
            CallingPrefix = calling, CalledPrefix = called, Direction = direction,
            Verdict = kind, RetentionDays = 1, Purpose = "p",
        });

    [Theory]
    [InlineData("sip1/0812345", true)]
    [InlineData("sip1/*", true)]
    [InlineData("sip1/08", false)]
    [InlineData("sip2/*", false)]
    [InlineData("sip2/0812345", false)]
    public void Evaluate_by_channel(string channel, bool matches) =>
        AssertMatch(Rule() with { Channel = channel }, matches);

    [Theory]
    [InlineData("+49", true)]
    [InlineData("0049 89", true)]
    [InlineData("+49 (89) 12345", true)]
    [InlineData("+498912345", true)]
    [InlineData("+4989123456", false)]
    [InlineData("49", false)]
    [InlineData("+1", false)]
    public void Evaluate_by_calling_prefix(string prefix, bool matches) =>
        AssertMatch(Rule() with { CallingPrefix = prefix }, matches);

    [Theory]
    [InlineData("alice", true)]
    [InlineData("AL", true)]
    [InlineData("lice", false)]
    [InlineData("bob", false)]
    public void Evaluate_by_called_prefix(string prefix, bool matches) =>
        AssertMatch(Rule() with { CalledPrefix = prefix }, matches);

    [Theory]
    [InlineData(CallDirection.Inbound, true)]
    [InlineData(CallDirection.Outbound, false)]
    [InlineData(CallDirection.Internal, false)]
    [InlineData(CallDirection.Unknown, false)]
    public void Evaluate_by_direction(CallDirection direction, bool matches) =>
        AssertMatch(Rule() with { Direction = direction }, matches);

    [Theory]
    [InlineData("sip1/*", "+49", "al", CallDirection.Inbound, true)]
    [InlineData("sip2/*", "+49", "al", CallDirection.Inbound, false)]
    [InlineData("sip1/*", "+1", "al", CallDirection.Inbound, false)]
    [InlineData("sip1/*", "+49", "bo", CallDirection.Inbound, false)]
    [InlineData("sip1/*", "+49", "al", CallDirection.Outbound, false)]
    public void Evaluate_needs_all_conditions(
        string channel, string calling, string called, CallDirection direction, bool matches) =>
        AssertMatch(
            Rule() with { Channel = channel, CallingPrefix = calling, CalledPrefix = called, Direction = direction },
            matches);

    [Theory]
    [InlineData(DigitHandling.Store)]
    [InlineData(DigitHandling.Mask)]
    [InlineData(DigitHandling.Suppress)]
    public void Evaluate_gives_what_becomes_of_keys_pressed(DigitHandling digits)
    {
        var rule = new PolicyRule
        {
            Name = "all", Verdict = VerdictKind.Record, RetentionDays = 1, Purpose = "test", Digits = digits,
        };
        var policy = PolicyEvaluator.Compile(new PolicyDocument([rule]));
        Assert.Equal(digits, policy.Evaluate(new PolicyFacts("sip1", "100", "1", "2", default)).Digits);
    }

    [Fact]
    public void Evaluate_takes_the_first_rule_that_matches_and_gives_its_terms()
    {
        var first = Rule() with { Name = "first", Channel = "sip1/*", CallingPrefix = "+49" };
        var verdict = Compile(first, Rule() with { Name = "second", Channel = "sip1/*", RetentionDays = 9 })
            .Evaluate(Facts);
        Assert.Equal(VerdictKind.Never, verdict.Kind);
        Assert.Equal("first", verdict.Rule);
        Assert.Equal(TimeSpan.FromDays(30), verdict.Retention);
        Assert.Equal("testing", verdict.Purpose);
        Assert.Equal(
            "rule 'first': channel sip1/0812345 is sip1/*, calling +498912345 begins with +49", verdict.Reason);
    }

    [Fact]
    public void Evaluate_of_the_default_records_everything_for_five_years()
    {
        var verdict = PolicyEvaluator.Compile(DefaultPolicy.Document).Evaluate(Facts);
        Assert.Equal(
            new PolicyVerdict(
                VerdictKind.Record, "all", "rule 'all': matches every call", TimeSpan.FromDays(1826),
                "all calls are recorded"),
            verdict);
    }

    [Fact]
    public void Evaluate_is_deterministic_and_names_the_rule_that_decided() =>
        Gen.Select(AnyRule.Array[0, 20], AnyFacts).Sample((rules, facts) =>
        {
            var policy = Compile(Numbered(rules));
            var verdict = policy.Evaluate(facts);
            return verdict == policy.Evaluate(facts)
                && verdict.Reason.StartsWith($"rule '{verdict.Rule}': ", StringComparison.Ordinal);
        });

    [Fact]
    public void Evaluate_with_a_rule_added_that_does_not_match_stays_the_same() =>
        Gen.Select(AnyRule.Array[0, 20], AnyFacts, Gen.Int[0, 20]).Sample((rules, facts, place) =>
        {
            var numbered = Numbered(rules).ToList();
            var before = Compile([.. numbered]).Evaluate(facts);
            numbered.Insert(Math.Min(place, numbered.Count), Rule() with { Name = "added", Channel = "elsewhere/*" });
            return before == Compile([.. numbered]).Evaluate(facts);
        });

    [Fact]
    public void Evaluate_of_10000_rules_allocates_only_the_explanation()
    {
        var rules = new List<PolicyRule>();
        for (var n = 0; n < 10_000; n++)
        {
            rules.Add(Rule() with { Name = $"r{n}", Channel = "sip1/*", CallingPrefix = $"+1{n}" });
        }

        rules[^1] = DefaultPolicy.Document.Rules[0];
        var policy = PolicyEvaluator.Compile(new PolicyDocument(rules));
        Assert.Equal("all", policy.Evaluate(Facts).Rule);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < 100; n++)
        {
            policy.Evaluate(Facts);
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 0, 1024);
        before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < 100; n++)
        {
            policy.Find(Facts);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Compile_of_a_faulty_document_is_refused_naming_each_fault()
    {
        var thrown = Assert.Throws<RefusalException>(
            () => PolicyEvaluator.Compile(new PolicyDocument([Rule() with { Direction = CallDirection.Inbound }])));
        Assert.Equal(RefusalKind.Invalid, thrown.Kind);
        Assert.Contains("last rule must match everything", thrown.Message, StringComparison.Ordinal);
    }

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(n => values[n]);

    private static void AssertMatch(PolicyRule rule, bool matches) =>
        Assert.Equal(matches ? "rule" : "all", Compile(rule).Evaluate(Facts).Rule);

    private static CompiledPolicy Compile(params PolicyRule[] rules) =>
        PolicyEvaluator.Compile(new PolicyDocument([.. rules, DefaultPolicy.Document.Rules[0]]));

    private static PolicyRule[] Numbered(PolicyRule[] rules) =>
        [.. rules.Select((rule, n) => rule with { Name = $"r{n}" })];

    private static PolicyRule Rule() => new()
    {
        Name = "rule", Verdict = VerdictKind.Never, RetentionDays = 30, Purpose = "testing",
    };
}
