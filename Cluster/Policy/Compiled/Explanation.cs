using System.Globalization;
using System.Text;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Compiled;

/// <summary>Names a rule and each fact it looked at, and no other: a reason never says more than was used.</summary>
internal static class Explanation
{
    /// <summary>The explanation of a rule that matched.</summary>
    public static string Of(CompiledRule rule, in FactReader facts)
    {
        var text = new StringBuilder("rule '").Append(rule.Rule.Name).Append("': ");
        var start = text.Length;
        Place(rule.Rule, facts, text, start);
        foreach (var party in rule.Parties)
        {
            Party(party, facts, text, start);
        }

        if (rule.Time is { } time)
        {
            Time(time, facts, text, start);
        }

        Said(rule.Rule, facts, text, start);
        foreach (var field in rule.Fields)
        {
            Separate(text, start).Append(field.Name);
            text.Append(field.Value is not null ? " is " : field.Prefix is not null ? " begins with " : " is given");
            text.Append(field.Value ?? field.Prefix);
        }

        return text.Length == start ? text.Append("matches every call").ToString() : text.ToString();
    }

    private static void Place(PolicyRule rule, in FactReader facts, StringBuilder text, int start)
    {
        var given = facts.Facts;
        if (rule.Channel is not null)
        {
            Channel(given, text, start).Append(" is ").Append(rule.Channel);
        }

        if (rule.Direction is { } direction)
        {
            Separate(text, start).Append("direction is ").Append(Word(direction));
        }

        if (rule.Tenant is not null)
        {
            Separate(text, start).Append("tenant is ").Append(rule.Tenant);
        }

        if (rule.Interface is not null)
        {
            Separate(text, start).Append("interface is ").Append(rule.Interface);
        }

        if (rule.ChannelGroup is not null)
        {
            Channel(given, text, start).Append(" is in group ").Append(rule.ChannelGroup);
        }
    }

    private static void Party(PartyTest test, in FactReader facts, StringBuilder text, int start)
    {
        var party = test.Find(facts);
        Separate(text, start).Append(party == 0 ? "calling " : party == 1 ? "called " : "participant ");
        text.Append(facts.Number(party));
        if (test.Number is not null)
        {
            text.Append(" is ").Append(test.Number);
        }
        else if (test.Prefix is not null)
        {
            text.Append(" begins with ").Append(test.Prefix);
        }
        else if (test.ListName is not null)
        {
            text.Append(" is in list ").Append(test.ListName);
        }
        else
        {
            text.Append(facts.Party(party).Anonymous ? " is anonymous" : " says who it is");
        }
    }

    private static void Time(TimeTest test, in FactReader facts, StringBuilder text, int start)
    {
        var condition = test.Condition;
        Separate(text, start).Append("it began ").Append(
            CultureInfo.InvariantCulture, $"{test.Local(facts):ddd yyyy-MM-dd HH:mm} {condition.Zone}");
        if (condition.From is not null)
        {
            text.Append(", from ").Append(condition.From).Append(" to ").Append(condition.To);
        }

        if (condition.Weekdays is { } days)
        {
            text.Append(", on ").AppendJoin(" or ", days.Select(static day => day.ToString().ToLowerInvariant()));
        }

        if (condition.Calendar is not null)
        {
            text.Append(", a day of ").Append(condition.Calendar);
        }

        if (condition.ExceptCalendar is not null)
        {
            text.Append(", no day of ").Append(condition.ExceptCalendar);
        }
    }

    private static void Said(PolicyRule rule, in FactReader facts, StringBuilder text, int start)
    {
        if (rule.Consent is { } consent)
        {
            var state = consent.State.ToString().ToLowerInvariant();
            Separate(text, start).Append("consent to ").Append(consent.Purpose).Append(" is ").Append(state);
        }

        if (rule.CallPurpose is not null)
        {
            Separate(text, start).Append("the call is for ").Append(rule.CallPurpose);
        }

        if (rule.Language is not null)
        {
            Separate(text, start).Append("language ").Append(facts.Field(PolicyFacts.LanguageField))
                .Append(" is ").Append(rule.Language);
        }

        if (rule.CardDataNext is { } card)
        {
            Separate(text, start).Append(card ? "card data comes next" : "no card data comes next");
        }
    }

    private static StringBuilder Channel(in PolicyFacts given, StringBuilder text, int start) =>
        Separate(text, start).Append("channel ").Append(given.Interface).Append('/').Append(given.Line);

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
