using System.Globalization;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Tests;

/// <summary>
/// Decides as the README says, rule by rule and without an index: what the compiled policy is compared with.
/// </summary>
internal static class NaivePolicy
{
    public static (PolicyRule Winner, PolicyRule? Overruled) Decide(PolicyDocument document, PolicyFacts facts)
    {
        var matching = document.Rules.Where(rule => Matches(document, rule, facts)).ToList();
        var duties = matching.Where(static rule => rule.Duty != PolicyDuty.None).ToList();
        if (duties.Count == 0)
        {
            return (matching[0], null);
        }

        var winner = Strongest(duties);
        var others = duties.Where(rule => rule.Duty != winner.Duty).ToList();
        return (winner, others.Count == 0 ? null : Strongest(others));
    }

    public static bool Matches(PolicyDocument document, PolicyRule rule, PolicyFacts facts)
    {
        var channel = $"{facts.Interface}/{facts.Line}";
        string[] parties =
            [facts.Calling, facts.Called, .. (facts.Participants ?? []).Select(static party => party.Aor)];
        bool[] conditions =
        [
            rule.Channel is null || Covers(rule.Channel, facts),
            rule.Interface is null || rule.Interface == facts.Interface,
            rule.Tenant is null || rule.Tenant == facts.Tenant,
            rule.ChannelGroup is null || Entries(document.ChannelGroups, rule.ChannelGroup)
                .Any(entry => entry == channel || Covers(entry, facts)),
            rule.CallingPrefix is null || Begins(facts.Calling, rule.CallingPrefix),
            rule.CalledPrefix is null || Begins(facts.Called, rule.CalledPrefix),
            rule.Calling is null || Holds(document, rule.Calling, facts.Calling),
            rule.Called is null || Holds(document, rule.Called, facts.Called),
            rule.Party is null || parties.Any(party => Holds(document, rule.Party, party)),
            rule.Direction is null || rule.Direction == facts.Direction,
            rule.Time is null || Holds(document, rule.Time, facts.At),
            rule.Consent is null || Consent(facts, rule.Consent.Purpose) == rule.Consent.State,
            rule.CallPurpose is null || Field(facts, "purpose") == rule.CallPurpose,
            rule.Language is null || Speaks(Field(facts, "language"), rule.Language),
            rule.CardDataNext is null || (Field(facts, "cardDataNext") == "true") == rule.CardDataNext,
            (rule.Fields ?? []).All(wanted => (facts.Fields ?? []).Any(held =>
                held.Name.Equals(wanted.Name, StringComparison.OrdinalIgnoreCase)
                && (wanted.Value is null || wanted.Value == held.Value)
                && (wanted.Prefix is null || held.Value.StartsWith(wanted.Prefix, StringComparison.Ordinal)))),
        ];
        return Array.TrueForAll(conditions, static holds => holds);
    }

    private static PolicyRule Strongest(IEnumerable<PolicyRule> duties) => duties
        .OrderByDescending(static rule => rule.Rank)
        .ThenByDescending(static rule => rule.Duty == PolicyDuty.MustNotRecord)
        .First();

    private static bool Covers(string channel, PolicyFacts facts) =>
        channel == $"{facts.Interface}/{facts.Line}" || channel == $"{facts.Interface}/*";

    private static bool Begins(string party, string prefix) =>
        PartyNumber.Normalize(party).StartsWith(PartyNumber.Normalize(prefix), StringComparison.Ordinal);

    private static bool Holds(PolicyDocument document, PartyCondition wanted, string party) =>
        wanted.Number is not null ? PartyNumber.Normalize(party) == PartyNumber.Normalize(wanted.Number)
        : wanted.Prefix is not null ? Begins(party, wanted.Prefix)
        : wanted.Anonymous is { } anonymous
            ? (PartyNumber.Normalize(party) is "" or "anonymous" || party.Contains("@anonymous.invalid")) == anonymous
            : Entries(document.PartyLists, wanted.List!).Any(entry => entry.EndsWith('*')
                ? Begins(party, entry[..^1])
                : PartyNumber.Normalize(party) == PartyNumber.Normalize(entry));

    private static bool Holds(PolicyDocument document, TimeCondition wanted, DateTimeOffset at)
    {
        var local = TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById(wanted.Zone)).DateTime;
        var day = DateOnly.FromDateTime(local);
        if (wanted.From is not null)
        {
            var time = TimeOnly.FromDateTime(local);
            var from = TimeOnly.ParseExact(wanted.From, "HH:mm", CultureInfo.InvariantCulture);
            var to = TimeOnly.ParseExact(wanted.To!, "HH:mm", CultureInfo.InvariantCulture);
            var today = time >= from && (to <= from || time < to);
            var yesterday = to <= from && time < to;
            if (!today && !yesterday)
            {
                return false;
            }

            day = today ? day : day.AddDays(-1);
        }

        var name = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return (wanted.Weekdays is null || wanted.Weekdays.Contains(day.DayOfWeek))
            && (wanted.Calendar is null || Entries(document.Calendars, wanted.Calendar).Contains(name))
            && (wanted.ExceptCalendar is null || !Entries(document.Calendars, wanted.ExceptCalendar).Contains(name));
    }

    private static ConsentState Consent(PolicyFacts facts, string purpose)
    {
        List<ConsentState> said =
        [
            .. (facts.Consents ?? []).Where(fact => fact.Purpose == purpose).Select(static fact => fact.State),
            .. (facts.Fields ?? []).Where(field => field.Name == "consent:" + purpose)
                .Select(static field => Enum.Parse<ConsentState>(field.Value, ignoreCase: true)),
        ];
        return said.Contains(ConsentState.Withdrawn) ? ConsentState.Withdrawn
            : said.Contains(ConsentState.Refused) ? ConsentState.Refused
            : said.Count > 0 && said.TrueForAll(static state => state == ConsentState.Given) ? ConsentState.Given
            : ConsentState.Unknown;
    }

    private static string? Field(PolicyFacts facts, string name) =>
        (facts.Fields ?? []).FirstOrDefault(field => field.Name == name)?.Value;

    private static bool Speaks(string? language, string range) =>
        language is not null && $"{language}-".StartsWith($"{range}-", StringComparison.OrdinalIgnoreCase);

    private static IReadOnlyList<string> Entries(IReadOnlyList<PolicyList>? lists, string name) =>
        (lists ?? []).First(list => list.Name == name).Entries;
}
