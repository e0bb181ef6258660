using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Tests;

/// <summary>A truth table for each condition that the first language did not have.</summary>
public sealed class PolicyConditionTests
{
    private static readonly PolicyFacts Facts = new(
        "sip1", "1001", "sip:+46 8 123@a.example", "sip:Lawyer@b.example", CallDirection.Inbound)
    {
        Tenant = "bank",
        At = new DateTimeOffset(2026, 12, 24, 22, 30, 0, TimeSpan.Zero),
        Participants = [new Participant { Id = "p3", Aor = "tel:+4690510" }],
        Fields =
        [
            new CallAttribute("queue", "sales"), new CallAttribute("queue", "loans"),
            new CallAttribute("purpose", "sale"), new CallAttribute("language", "sv-SE"),
            new CallAttribute("cardDataNext", "true"), new CallAttribute("consent:quality", "given"),
        ],
    };

    [Theory]
    [InlineData("bank", true)]
    [InlineData("other", false)]
    public void Tenant_is_compared_whole(string tenant, bool matches) =>
        AssertMatch(Rule() with { Tenant = tenant }, matches);

    [Theory]
    [InlineData("sip1", true)]
    [InlineData("sip", false)]
    public void Interface_is_compared_whole(string name, bool matches) =>
        AssertMatch(Rule() with { Interface = name }, matches);

    [Theory]
    [InlineData("desks", true)]
    [InlineData("halls", true)]
    [InlineData("elsewhere", false)]
    public void Channel_group_holds_lines_and_whole_interfaces(string group, bool matches) =>
        AssertMatch(Rule() with { ChannelGroup = group }, matches);

    [Theory]
    [InlineData("number", "+468123", true, false, true)]
    [InlineData("number", "00468 123", true, false, true)]
    [InlineData("number", "+46812", false, false, false)]
    [InlineData("number", "LAWYER", false, true, true)]
    [InlineData("number", "+4690510", false, false, true)]
    [InlineData("prefix", "+468", true, false, true)]
    [InlineData("prefix", "law", false, true, true)]
    [InlineData("prefix", "+46", true, false, true)]
    [InlineData("prefix", "+4690", false, false, true)]
    [InlineData("list", "protected", false, true, true)]
    [InlineData("list", "helplines", false, false, true)]
    [InlineData("list", "nobody", false, false, false)]
    public void Party_is_compared_by_number_prefix_and_list(string by, string with, bool calling, bool called, bool any)
    {
        var condition = by switch
        {
            "number" => new PartyCondition { Number = with },
            "prefix" => new PartyCondition { Prefix = with },
            _ => new PartyCondition { List = with },
        };
        AssertMatch(Rule() with { Calling = condition }, calling);
        AssertMatch(Rule() with { Called = condition }, called);
        AssertMatch(Rule() with { Party = condition }, any);
    }

    [Theory]
    [InlineData("sip:anonymous@anonymous.invalid", true)]
    [InlineData("Anonymous <sip:x@anonymous.invalid>", true)]
    [InlineData("sip:anonymous@operator.example", true)]
    [InlineData("", true)]
    [InlineData("sip:anonymous2@a", false)]
    [InlineData("+46", false)]
    public void Party_anonymous_does_not_say_who_it_is(string calling, bool anonymous)
    {
        var facts = Facts with { Calling = calling };
        AssertMatch(Rule() with { Calling = new PartyCondition { Anonymous = true } }, anonymous, facts);
        AssertMatch(Rule() with { Calling = new PartyCondition { Anonymous = false } }, !anonymous, facts);
    }

    // 22:30 UTC on Thursday 24 December is 23:30 in Stockholm and 00:30 on Friday 25 December in Helsinki.
    [Theory]
    [InlineData("UTC", "22:30", "22:31", null, null, null, true)]
    [InlineData("UTC", "22:00", "22:30", null, null, null, false)]
    [InlineData("Europe/Stockholm", "23:30", "23:31", null, null, null, true)]
    [InlineData("Europe/Stockholm", "22:00", "06:00", null, null, null, true)]
    [InlineData("Europe/Stockholm", "22:00", "23:30", null, null, null, false)]
    [InlineData("Europe/Stockholm", "23:30", "23:30", null, null, null, true)]
    [InlineData("Europe/Helsinki", "22:00", "06:00", null, null, null, true)]
    [InlineData("Europe/Helsinki", "00:00", "00:30", null, null, null, false)]
    [InlineData("Europe/Stockholm", null, null, DayOfWeek.Thursday, null, null, true)]
    [InlineData("Europe/Stockholm", null, null, DayOfWeek.Friday, null, null, false)]
    [InlineData("Europe/Helsinki", null, null, DayOfWeek.Friday, null, null, true)]
    [InlineData("Europe/Helsinki", "22:00", "06:00", DayOfWeek.Thursday, null, null, true)]
    [InlineData("Europe/Helsinki", "22:00", "06:00", DayOfWeek.Friday, null, null, false)]
    [InlineData("Europe/Stockholm", null, null, null, "eve", null, true)]
    [InlineData("Europe/Helsinki", null, null, null, "eve", null, false)]
    [InlineData("Europe/Helsinki", "22:00", "06:00", null, "eve", null, true)]
    [InlineData("Europe/Stockholm", null, null, null, null, "eve", false)]
    [InlineData("Europe/Helsinki", null, null, null, null, "eve", true)]
    public void Time_is_compared_in_its_zone_by_hours_weekday_and_calendar(
        string zone, string? from, string? to, DayOfWeek? day, string? calendar, string? except, bool matches) =>
        AssertMatch(
            Rule() with
            {
                Time = new TimeCondition
                {
                    Zone = zone, From = from, To = to, Weekdays = day is { } one ? [one] : null,
                    Calendar = calendar, ExceptCalendar = except,
                },
            },
            matches);

    [Theory]
    [InlineData(ConsentState.Given, null, null, true)]
    [InlineData(ConsentState.Unknown, null, null, false)]
    [InlineData(ConsentState.Given, ConsentState.Given, null, true)]
    [InlineData(ConsentState.Given, ConsentState.Unknown, null, false)]
    [InlineData(ConsentState.Unknown, ConsentState.Unknown, null, true)]
    [InlineData(ConsentState.Refused, ConsentState.Refused, ConsentState.Unknown, true)]
    [InlineData(ConsentState.Withdrawn, ConsentState.Refused, ConsentState.Withdrawn, true)]
    public void Consent_of_several_is_that_of_the_least(
        ConsentState wanted, ConsentState? first, ConsentState? second, bool matches)
    {
        var consents = new[] { first, second }.OfType<ConsentState>()
            .Select(static state => new ConsentFact("quality", state)).ToList();
        AssertMatch(
            Rule() with { Consent = new ConsentCondition("quality", wanted) },
            matches,
            Facts with { Consents = consents });
    }

    [Fact]
    public void Consent_to_something_else_is_unknown() =>
        AssertMatch(Rule() with { Consent = new ConsentCondition("sale", ConsentState.Unknown) }, true);

    [Theory]
    [InlineData("sale", true)]
    [InlineData("help", false)]
    public void Call_purpose_is_compared_whole(string purpose, bool matches) =>
        AssertMatch(Rule() with { CallPurpose = purpose }, matches);

    [Theory]
    [InlineData("queue", "sales", null, true)]
    [InlineData("QUEUE", "loans", null, true)]
    [InlineData("queue", "Sales", null, false)]
    [InlineData("queue", "sale", null, false)]
    [InlineData("queue", null, "sal", true)]
    [InlineData("queue", null, "x", false)]
    [InlineData("queue", null, null, true)]
    [InlineData("skill", null, null, false)]
    public void Field_is_compared_by_value_prefix_and_being_there(
        string name, string? value, string? prefix, bool matches) =>
        AssertMatch(
            Rule() with { Fields = [new FieldCondition { Name = name, Value = value, Prefix = prefix }] }, matches);

    [Fact]
    public void Fields_must_all_match() =>
        AssertMatch(
            Rule() with
            {
                Fields =
                [
                    new FieldCondition { Name = "queue", Value = "sales" }, new FieldCondition { Name = "skill" },
                ],
            },
            false);

    [Theory]
    [InlineData("sv", true)]
    [InlineData("SV-se", true)]
    [InlineData("s", false)]
    [InlineData("en", false)]
    public void Language_is_a_range(string range, bool matches) =>
        AssertMatch(Rule() with { Language = range }, matches);

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData(null, false)]
    public void Card_data_comes_next_where_the_process_says_so(string? said, bool next)
    {
        var facts = Facts with { Fields = said is null ? [] : [new CallAttribute("cardDataNext", said)] };
        AssertMatch(Rule() with { CardDataNext = true }, next, facts);
        AssertMatch(Rule() with { CardDataNext = false }, !next, facts);
    }

    [Fact]
    public void Evaluate_explains_with_the_facts_used()
    {
        var rule = Rule() with
        {
            Tenant = "bank", Party = new PartyCondition { List = "helplines" }, ChannelGroup = "desks",
            Time = new TimeCondition { Zone = "Europe/Stockholm", From = "22:00", To = "06:00" },
            Fields = [new FieldCondition { Name = "queue", Value = "loans" }], CardDataNext = true, Language = "sv",
            Consent = new ConsentCondition("quality", ConsentState.Given), CallPurpose = "sale",
        };
        Assert.Equal(
            "rule 'rule': tenant is bank, channel sip1/1001 is in group desks, "
            + "participant +4690510 is in list helplines, "
            + "it began Thu 2026-12-24 23:30 Europe/Stockholm, from 22:00 to 06:00, "
            + "consent to quality is given, the call is for sale, language sv-SE is sv, card data comes next, "
            + "queue is loans",
            Compile(rule).Evaluate(Facts).Reason);
    }

    [Fact]
    public void Evaluate_gives_the_terms_of_the_rule()
    {
        var verdict = Compile(Rule() with
        {
            Tenant = "bank", Verdict = VerdictKind.Record, RetentionDays = 1826, ExtendableToDays = 2557,
            LegalBasis = LegalBasis.LegalObligation, Notice = NoticeKind.Beep, Listeners = ["compliance"],
        }).Evaluate(Facts).Given(Facts.At, "mifid", 7);
        Assert.Equal((2557, LegalBasis.LegalObligation), (verdict.ExtendableToDays, verdict.LegalBasis));
        Assert.Equal((NoticeKind.Beep, "mifid", 7), (verdict.Notice, verdict.Policy, verdict.Version));
        Assert.Equal(["compliance"], verdict.Listeners!);
    }

    private static void AssertMatch(PolicyRule rule, bool matches, PolicyFacts? facts = null)
    {
        var expected = matches ? "rule" : "all";
        Assert.Equal(expected, Compile(rule).Evaluate(facts ?? Facts).Rule);

        // Found by another condition, or by none, it is the same rule.
        Assert.Equal(expected, Compile(rule with { Channel = "sip1/*" }).Evaluate(facts ?? Facts).Rule);
    }

    private static CompiledPolicy Compile(PolicyRule rule) => PolicyEvaluator.Compile(
        new PolicyDocument([rule, DefaultPolicy.Document.Rules[0]])
        {
            PartyLists =
            [
                new PolicyList("protected", ["lawyer", "doctor"]), new PolicyList("helplines", ["+46905*"]),
                new PolicyList("nobody", ["+1"]),
            ],
            ChannelGroups =
            [
                new PolicyList("desks", ["sip1/1000", "sip1/1001"]), new PolicyList("halls", ["sip1/*"]),
                new PolicyList("elsewhere", ["sip2/*", "sip1/100"]),
            ],
            Calendars = [new PolicyList("eve", ["2026-12-24"])],
        });

    private static PolicyRule Rule() => new()
    {
        Name = "rule", Verdict = VerdictKind.Never, RetentionDays = 30, Purpose = "testing",
    };
}
