using CsCheck;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Tests;

/// <summary>Which rule decides, and what is said of a duty that was overruled.</summary>
public sealed class PolicyOrderTests
{
    private static readonly PolicyFacts Facts = new("sip1", "1", "+46", "112", default);

    private static readonly PolicyRule Must = Rule("must") with { Duty = PolicyDuty.MustRecord };

    private static readonly PolicyRule MustNot =
        Rule("must-not") with { Duty = PolicyDuty.MustNotRecord, Verdict = VerdictKind.Never };

    [Fact]
    public void Evaluate_duty_decides_before_a_rule_without_one_that_stands_before_it()
    {
        var verdict = Evaluate(Rule("first") with { Channel = "sip1/*" }, Must);
        Assert.Equal(("must", PolicyDuty.MustRecord), (verdict.Rule, verdict.Duty));
        Assert.Null(verdict.Conflict);
    }

    [Fact]
    public void Evaluate_duty_not_to_record_decides_before_one_to_record_and_the_conflict_is_told()
    {
        foreach (var verdict in new[] { Evaluate(Must, MustNot), Evaluate(MustNot, Must) })
        {
            Assert.Equal((VerdictKind.Never, "must-not"), (verdict.Kind, verdict.Rule));
            Assert.Equal(
                new VerdictConflict("must", PolicyDuty.MustRecord, "rule 'must': matches every call"),
                verdict.Conflict);
        }
    }

    [Fact]
    public void Evaluate_duty_of_higher_rank_decides_whatever_it_demands()
    {
        var verdict = Evaluate(MustNot, Must with { Rank = 1, Channel = "sip1/*" });
        Assert.Equal((VerdictKind.Record, "must"), (verdict.Kind, verdict.Rule));
        Assert.Equal("must-not", verdict.Conflict!.Rule);
        Assert.Equal("must-not", Evaluate(MustNot, Must with { Rank = 1, Channel = "sip2/*" }).Rule);
    }

    [Fact]
    public void Evaluate_conflict_names_the_strongest_duty_that_lost()
    {
        var verdict = Evaluate(MustNot with { Rank = 9 }, Must, Must with { Name = "stronger", Rank = 3 });
        Assert.Equal("stronger", verdict.Conflict!.Rule);
    }

    [Fact]
    public void Evaluate_when_waiting_is_over_leaves_pending_rules_out()
    {
        var pending = Rule("wait") with { Verdict = VerdictKind.Pending, PendingSeconds = 3 };
        var policy = PolicyEvaluator.Compile(new PolicyDocument([pending with { Channel = "sip1/*" }, Rule("then")]));
        Assert.Equal((VerdictKind.Pending, 3), (policy.Evaluate(Facts).Kind, policy.Evaluate(Facts).PendingSeconds));
        Assert.Equal("then", policy.Evaluate(Facts with { PendingOver = true }).Rule);
        policy = PolicyEvaluator.Compile(new PolicyDocument([pending]));
        Assert.Equal(VerdictKind.Record, policy.Evaluate(Facts with { PendingOver = true }).Kind);
    }

    [Fact]
    public void Evaluate_of_random_policies_is_what_a_naive_evaluator_says() =>
        Gen.Int.Sample(
            seed =>
            {
                var random = new RandomPolicy(seed);
                var document = random.Document(40);
                var policy = PolicyEvaluator.Compile(document);
                for (var n = 0; n < 10; n++)
                {
                    var facts = random.Facts();
                    var (winner, overruled) = NaivePolicy.Decide(document, facts);
                    var verdict = policy.Evaluate(facts);
                    Assert.Equal((winner.Name, winner.Verdict), (verdict.Rule, verdict.Kind));
                    Assert.Equal(overruled?.Name, verdict.Conflict?.Rule);
                    Assert.Equal(winner.Name, policy.Find(facts).Rule);
                }
            },
            iter: 1_000);

    [Fact]
    public void Evaluate_does_not_depend_on_the_order_beyond_the_documented_one() =>
        Gen.Int.Sample(
            seed =>
            {
                // Any order that keeps equals apart as they were, rules without a duty among themselves and duties of one kind
                // and rank among themselves, is the same policy.
                var random = new RandomPolicy(seed);
                var document = random.Document(30);
                var groups = document.Rules.GroupBy(static rule => (rule.Duty, rule.Rank))
                    .ToDictionary(static group => group.Key, static group => new Queue<PolicyRule>(group));
                var shuffled = random.Shuffled(document.Rules).Select(rule => groups[(rule.Duty, rule.Rank)].Dequeue());
                var policy = PolicyEvaluator.Compile(document);
                var other = PolicyEvaluator.Compile(document with { Rules = [.. shuffled] });
                for (var n = 0; n < 10; n++)
                {
                    var facts = random.Facts();
                    Assert.Equal(policy.Evaluate(facts), other.Evaluate(facts));
                }
            },
            iter: 500);

    private static PolicyVerdict Evaluate(params PolicyRule[] rules) =>
        PolicyEvaluator.Compile(new PolicyDocument([.. rules, Rule("all")])).Evaluate(Facts);

    private static PolicyRule Rule(string name) => new()
    {
        Name = name, Verdict = VerdictKind.Record, RetentionDays = 1, Purpose = "p",
    };
}
