using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Tests;

/// <summary>
/// Policies and facts drawn from few values, so that many rules match. All of it follows from the seed.
/// </summary>
internal sealed class RandomPolicy(int seed)
{
    private static readonly string[] Numbers = ["+4681", "+46812", "0046812", "112", "alice", "Bob", "900"];
    private static readonly string[] Parties =
    [
        "sip:+46812@a", "tel:0046812", "+46 (8) 1", "sip:alice@b", "bob", "112", "", "sip:anonymous@anonymous.invalid",
    ];

    private static readonly string[] Zones = ["Europe/Stockholm", "UTC", "America/New_York"];
    private static readonly string[] Times = ["00:00", "08:30", "17:00", "23:59"];
    private static readonly string[] Values = ["sales", "service", "sales-2"];
    private static readonly string[] Languages = ["sv", "sv-SE", "en", "en-GB", "svx"];
    private static readonly DateTimeOffset Begin = new(2026, 12, 20, 0, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(seed);

    public PolicyDocument Document(int rules) => new(
        [.. Enumerable.Range(0, rules).Select(Rule), new PolicyRule
        {
            Name = "all", Verdict = VerdictKind.Record, RetentionDays = 1, Purpose = "p",
        }])
    {
        PartyLists =
        [
            new PolicyList("first", ["+46812", "bob", "9*"]), new PolicyList("second", ["alice", "+468*", "11*"]),
        ],
        ChannelGroups = [new PolicyList("desks", ["sip1/1", "sip2/*"]), new PolicyList("halls", ["sip1/*"])],
        Calendars =
        [
            new PolicyList("feasts", ["2026-12-24", "2026-12-25", "2027-01-01"]),
            new PolicyList("fairs", ["2026-12-22"]),
        ],
    };

    public PolicyFacts Facts() => new(
        Of("sip1", "sip2"), Of("1", "2"), Of(Parties), Of(Parties), Of(Enum.GetValues<CallDirection>()))
    {
        Tenant = Of("default", "other"),
        At = Begin + TimeSpan.FromMinutes(_random.Next(20 * 24 * 60)),
        Participants = [.. Some(3, () => new Participant { Id = "p", Aor = Of(Parties) })],
        Fields = [.. Some(4, Field).DistinctBy(static field => field.Name)],
        Consents = [.. Some(2, () => new ConsentFact(Of("quality", "sale"), Of(Enum.GetValues<ConsentState>())))],
    };

    public PolicyRule[] Shuffled(IReadOnlyList<PolicyRule> rules)
    {
        PolicyRule[] shuffled = [.. rules];
        _random.Shuffle(shuffled);
        return shuffled;
    }

    private PolicyRule Rule(int number)
    {
        var duty = Maybe(4) ? Of(PolicyDuty.MustRecord, PolicyDuty.MustNotRecord) : PolicyDuty.None;
        var rule = new PolicyRule
        {
            Name = FormattableString.Invariant($"r{number}"),
            Verdict = duty switch
            {
                PolicyDuty.MustRecord => VerdictKind.Record,
                PolicyDuty.MustNotRecord => VerdictKind.Never,
                _ => Of(Enum.GetValues<VerdictKind>()),
            },
            RetentionDays = 1 + number,
            Purpose = "p",
            Duty = duty,
            Rank = duty == PolicyDuty.None ? 0 : _random.Next(3),
            Channel = Maybe(8) ? Of("sip1/1", "sip1/*", "sip2/2") : null,
            Interface = Maybe(8) ? Of("sip1", "sip2") : null,
            Tenant = Maybe(8) ? Of("default", "other") : null,
            ChannelGroup = Maybe(8) ? Of("desks", "halls") : null,
            CallingPrefix = Maybe(8) ? Of(Numbers) : null,
            CalledPrefix = Maybe(8) ? Of(Numbers) : null,
            Calling = Maybe(6) ? Party() : null,
            Called = Maybe(6) ? Party() : null,
            Party = Maybe(6) ? Party() : null,
            Direction = Maybe(8) ? Of(Enum.GetValues<CallDirection>()) : null,
            Time = Maybe(6) ? Time() : null,
            Consent = Maybe(8) ? new ConsentCondition(Of("quality", "sale"), Of(Enum.GetValues<ConsentState>())) : null,
            CallPurpose = Maybe(10) ? Of("sale", "help") : null,
            Fields = Maybe(6) ? [Wanted()] : null,
            Language = Maybe(10) ? Of("sv", "en", "en-GB") : null,
            CardDataNext = Maybe(10) ? Maybe(2) : null,
        };
        return PolicyValidator.MatchesEverything(rule) && duty == PolicyDuty.None
            ? rule with { Called = new PartyCondition { Number = "900" } }
            : rule;
    }

    private PartyCondition Party() => _random.Next(4) switch
    {
        0 => new PartyCondition { Number = Of(Numbers) },
        1 => new PartyCondition { Prefix = Of(Numbers) },
        2 => new PartyCondition { List = Of("first", "second") },
        _ => new PartyCondition { Anonymous = Maybe(2) },
    };

    private TimeCondition Time() => _random.Next(3) switch
    {
        0 => new TimeCondition { Zone = Of(Zones), From = Of(Times), To = Of(Times), Weekdays = Days() },
        1 => new TimeCondition
        {
            Zone = Of(Zones), From = Of(Times), To = Of(Times), ExceptCalendar = Of("feasts", "fairs"),
        },
        _ => new TimeCondition { Zone = Of(Zones), Calendar = Of("feasts", "fairs") },
    };

    private DayOfWeek[]? Days() =>
        Maybe(2) ? [.. Some(4, () => Of(Enum.GetValues<DayOfWeek>())), DayOfWeek.Monday] : null;

    private FieldCondition Wanted() => new()
    {
        Name = Of("queue", "SKILL"),
        Value = Maybe(2) ? Of(Values) : null,
    };

    private CallAttribute Field() => _random.Next(6) switch
    {
        0 => new CallAttribute("purpose", Of("sale", "help")),
        1 => new CallAttribute("language", Of(Languages)),
        2 => new CallAttribute("cardDataNext", Of("true", "false")),
        3 => new CallAttribute("consent:quality", Of("given", "refused", "withdrawn", "unknown")),
        4 => new CallAttribute("queue", Of(Values)),
        _ => new CallAttribute("skill", Of(Values)),
    };

    private bool Maybe(int oneOf) => _random.Next(oneOf) == 0;

    private T Of<T>(params T[] values) => values[_random.Next(values.Length)];

    private List<T> Some<T>(int most, Func<T> make) =>
        [.. Enumerable.Range(0, _random.Next(most + 1)).Select(_ => make())];
}
