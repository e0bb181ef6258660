using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Tests;

public sealed class PolicyValidatorTests
{
    private static readonly PolicyRule All = DefaultPolicy.Document.Rules[0];

    private static readonly PolicyRule Good = new()
    {
        Name = "good", Channel = "sip1/*", CallingPrefix = "+49 (89)", CalledPrefix = "alice.b",
        Direction = CallDirection.Inbound, Verdict = VerdictKind.OnDemand, RetentionDays = 1, Purpose = "x",
    };

    [Fact]
    public void Validate_of_good_rules_finds_nothing() =>
        Assert.Empty(PolicyValidator.Validate(new PolicyDocument([Good, All with { RetentionDays = 36525 }])));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("-x")]
    [InlineData("a b")]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdefg")]
    public void Validate_names_a_bad_name(string? name) =>
        AssertFault("#1", "name", Good with { Name = name! });

    [Theory]
    [InlineData("")]
    [InlineData("sip1")]
    [InlineData("sip1/")]
    [InlineData("/1")]
    [InlineData("*/1")]
    [InlineData("sip1/a b")]
    public void Validate_names_a_bad_channel(string channel) =>
        AssertFault("good", "channel", Good with { Channel = channel });

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("sip:alice")]
    [InlineData("a@b")]
    [InlineData("\u00e9")]
    [InlineData("12\n")]
    public void Validate_names_a_bad_prefix(string prefix)
    {
        AssertFault("good", "callingPrefix", Good with { CallingPrefix = prefix });
        AssertFault("good", "calledPrefix", Good with { CalledPrefix = prefix });
    }

    [Fact]
    public void Validate_digits_of_no_kind_are_refused() =>
        AssertFault("good", "digits", Good with { Digits = (DigitHandling)9 });

    [Theory]
    [InlineData(VerdictKind.OnDemand, -1)]
    [InlineData(VerdictKind.OnDemand, 61)]
    [InlineData(VerdictKind.Record, 1)]
    [InlineData(VerdictKind.Never, 10)]
    public void Validate_names_a_pre_buffer_that_cannot_be(VerdictKind verdict, int seconds) =>
        AssertFault("good", "preBufferSeconds", Good with { Verdict = verdict, PreBufferSeconds = seconds });

    [Theory]
    [InlineData(VerdictKind.OnDemand, 60)]
    [InlineData(VerdictKind.Pending, 1)]
    [InlineData(VerdictKind.Record, 0)]
    public void Validate_takes_a_pre_buffer_where_there_is_a_start(VerdictKind verdict, int seconds) =>
        Assert.Empty(PolicyValidator.Validate(
            new PolicyDocument([Good with { Verdict = verdict, PreBufferSeconds = seconds }, All])));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(36526)]
    public void Validate_names_a_bad_retention(int days) =>
        AssertFault("good", "retentionDays", Good with { RetentionDays = days });

    [Fact]
    public void Validate_names_a_bad_purpose_verdict_and_direction()
    {
        AssertFault("good", "purpose", Good with { Purpose = " " });
        AssertFault("good", "purpose", Good with { Purpose = new string('x', 501) });
        AssertFault("good", "verdict", Good with { Verdict = (VerdictKind)77 });
        AssertFault("good", "direction", Good with { Direction = (CallDirection)77 });
    }

    [Fact]
    public void Validate_names_a_duplicate()
    {
        var fault = Assert.Single(PolicyValidator.Validate(new PolicyDocument([Good, Good, All])));
        Assert.Equal(("good", "name"), (fault.Rule, fault.Member));
    }

    [Fact]
    public void Validate_names_a_rule_after_a_catch_all()
    {
        var fault = Assert.Single(PolicyValidator.Validate(new PolicyDocument([All, Good])));
        Assert.Equal("Rule good, name: is never reached: rule all matches everything.", fault.ToString());
    }

    [Fact]
    public void Validate_wants_a_last_rule_that_matches_everything()
    {
        var fault = Assert.Single(PolicyValidator.Validate(new PolicyDocument([Good])));
        Assert.Contains("must match everything", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_counts_rules()
    {
        var many = Enumerable.Range(0, PolicyValidator.MaxRules - 1).Select(n => Good with { Name = $"r{n}" }).ToList();
        Assert.Empty(PolicyValidator.Validate(new PolicyDocument([.. many, All])));
        Assert.Equal("rules", Assert.Single(PolicyValidator.Validate(new PolicyDocument([.. many, Good, All]))).Member);
        Assert.Equal("rules", Assert.Single(PolicyValidator.Validate(new PolicyDocument([]))).Member);
        Assert.Equal("rules", Assert.Single(PolicyValidator.Validate(null)).Member);
    }

    private static void AssertFault(string rule, string member, PolicyRule faulty)
    {
        var fault = Assert.Single(PolicyValidator.Validate(new PolicyDocument([faulty, All])));
        Assert.Equal((rule, member), (fault.Rule, fault.Member));
    }
}
