using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Compiled;

/// <summary>A rule ready to be tested.</summary>
internal sealed class CompiledRule
{
    private readonly int _group;

    public CompiledRule(PolicyRule rule, Catalog catalog)
    {
        Rule = rule;
        Interface = rule.Interface;
        if (rule.Channel is { } channel)
        {
            var slash = channel.IndexOf('/', StringComparison.Ordinal);
            ChannelInterface = channel[..slash];
            Channel = channel[(slash + 1)..] != "*" ? channel : null;
        }

        _group = rule.ChannelGroup is { } group ? catalog.Group(group) : -1;
        var parties = new List<PartyTest>();
        Add(parties, PartyRole.Calling, rule.Calling, catalog);
        Add(parties, PartyRole.Called, rule.Called, catalog);
        Add(parties, PartyRole.Anyone, rule.Party, catalog);
        Add(parties, PartyRole.Calling, PrefixOf(rule.CallingPrefix), catalog);
        Add(parties, PartyRole.Called, PrefixOf(rule.CalledPrefix), catalog);
        Parties = [.. parties];
        Time = rule.Time is { } time ? new TimeTest(time, catalog) : null;
        Fields = [.. rule.Fields ?? []];
    }

    /// <summary>As the document gives it.</summary>
    public PolicyRule Rule { get; }

    /// <summary>The interface it is for, or null.</summary>
    public string? Interface { get; }

    /// <summary>The interface of the channel it is for, or null.</summary>
    public string? ChannelInterface { get; }

    /// <summary>The one channel it is for, or null.</summary>
    public string? Channel { get; }

    /// <summary>Conditions on parties.</summary>
    public PartyTest[] Parties { get; }

    /// <summary>The condition on time, or null.</summary>
    public TimeTest? Time { get; }

    /// <summary>Conditions on fields.</summary>
    public FieldCondition[] Fields { get; }

    /// <summary>True when every condition holds.</summary>
    public bool Matches(in FactReader facts) =>
        (Rule.Direction is not { } direction || facts.Facts.Direction == direction)
        && (ChannelInterface is null || Same(facts.Facts.Interface, ChannelInterface))
        && (Channel is null || facts.Channel.SequenceEqual(Channel))
        && (Interface is null || Same(facts.Facts.Interface, Interface))
        && (Rule.Tenant is null || Same(facts.Facts.Tenant, Rule.Tenant))
        && (_group < 0 || facts.Groups.Has(_group))
        && (!facts.Facts.PendingOver || Rule.Verdict != VerdictKind.Pending)
        && PartiesMatch(facts)
        && (Time is null || Time.Matches(facts))
        && (Rule.Consent is null || facts.Consent(Rule.Consent.Purpose) == Rule.Consent.State)
        && (Rule.CallPurpose is null || Same(facts.Field(PolicyFacts.PurposeField), Rule.CallPurpose))
        && (Rule.Language is null || Speaks(facts.Field(PolicyFacts.LanguageField), Rule.Language))
        && (Rule.CardDataNext is not { } card || Same(facts.Field(PolicyFacts.CardDataField), "true") == card)
        && FieldsMatch(facts);

    /// <summary>True when the language is in the range (RFC 4647 §3.3.1).</summary>
    private static bool Speaks(string? language, string range) =>
        language is not null
        && language.StartsWith(range, StringComparison.OrdinalIgnoreCase)
        && (language.Length == range.Length || language[range.Length] == '-');

    private static bool Same(string? held, string wanted) => string.Equals(held, wanted, StringComparison.Ordinal);

    private static PartyCondition? PrefixOf(string? prefix) =>
        prefix is null ? null : new PartyCondition { Prefix = prefix };

    private static void Add(List<PartyTest> tests, PartyRole role, PartyCondition? condition, Catalog catalog)
    {
        if (condition is not null)
        {
            tests.Add(new PartyTest(role, condition, catalog));
        }
    }

    private bool PartiesMatch(in FactReader facts)
    {
        foreach (var party in Parties)
        {
            if (party.Find(facts) < 0)
            {
                return false;
            }
        }

        return true;
    }

    private bool FieldsMatch(in FactReader facts)
    {
        foreach (var field in Fields)
        {
            if (!Matches(facts, field))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Matches(in FactReader facts, FieldCondition wanted)
    {
        for (var i = 0; i < facts.FieldCount; i++)
        {
            var held = facts.Facts.Fields![i];
            if (string.Equals(held.Name, wanted.Name, StringComparison.OrdinalIgnoreCase)
                && (wanted.Value is null || Same(held.Value, wanted.Value))
                && (wanted.Prefix is null || held.Value.StartsWith(wanted.Prefix, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }
}
