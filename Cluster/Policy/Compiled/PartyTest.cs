using Talreg.Contracts.Policies;

namespace Talreg.Policy.Compiled;

/// <summary>Which parties a condition looks at.</summary>
internal enum PartyRole
{
    Calling,
    Called,
    Anyone,
}

/// <summary>A condition on a party, ready to be tested.</summary>
internal sealed class PartyTest
{
    private readonly int _list;
    private readonly bool? _anonymous;

    public PartyTest(PartyRole role, PartyCondition condition, Catalog catalog)
    {
        Role = role;
        Number = condition.Number is { } number ? PartyNumber.Normalize(number) : null;
        Prefix = condition.Prefix is { } prefix ? PartyNumber.Normalize(prefix) : null;
        ListName = condition.List;
        _list = condition.List is { } list ? catalog.List(list) : -1;
        _anonymous = condition.Anonymous;
    }

    public PartyRole Role { get; }

    /// <summary>The whole number, or null.</summary>
    public string? Number { get; }

    /// <summary>The prefix, or null.</summary>
    public string? Prefix { get; }

    /// <summary>The list's name, or null.</summary>
    public string? ListName { get; }

    /// <summary>The party that matches; -1 for none.</summary>
    public int Find(in FactReader facts)
    {
        // Nobody in particular who is in a list is soon told: one look instead of one for each.
        if (_list >= 0 && !facts.AnyLists.Has(_list))
        {
            return -1;
        }

        var (first, last) = Role switch
        {
            PartyRole.Calling => (0, 0),
            PartyRole.Called => (1, 1),
            _ => (0, facts.Count - 1),
        };
        for (var party = first; party <= last; party++)
        {
            if (Matches(facts, party))
            {
                return party;
            }
        }

        return -1;
    }

    private bool Matches(in FactReader facts, int party)
    {
        if (_anonymous is { } anonymous)
        {
            return facts.Party(party).Anonymous == anonymous;
        }

        if (_list >= 0)
        {
            return facts.Party(party).Lists.Has(_list);
        }

        var number = facts.Number(party);
        return Number is not null
            ? number.SequenceEqual(Number)
            : number.StartsWith(Prefix, StringComparison.Ordinal);
    }
}
