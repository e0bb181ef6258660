namespace Talreg.Policy.Compiled;

/// <summary>By what a rule is found.</summary>
internal enum IndexKey
{
    Always,
    Channel,
    Interface,
    Group,
    CallingNumber,
    CalledNumber,
    AnyNumber,
    CallingPrefix,
    CalledPrefix,
    AnyPrefix,
    CallingList,
    CalledList,
    AnyList,
    Field,
}

/// <summary>
/// Finds the rules that may match, each under the one of its conditions that the fewest others share.
/// </summary>
/// <remarks>
/// Positions are those of the order in which rules decide, so the first that matches in a row is the strongest of it.
/// </remarks>
internal sealed class RuleIndex
{
    private const int MaxFieldName = 64;
    private const int MaxFieldValue = 256;

    private readonly int[] _always;
    private readonly TextTable[] _tables;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _fieldNames;
    private readonly bool _byField;

    public RuleIndex(IReadOnlyList<CompiledRule> rules)
    {
        var keys = rules.Select(static rule => KeysOf(rule).ToList()).ToList();
        var shared = keys.SelectMany(static of => of).CountBy(static key => key).ToDictionary();
        var rows = new Dictionary<IndexKey, Dictionary<string, List<int>>>();
        var always = new List<int>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (position, of) in keys.Index())
        {
            if (of.Count == 0)
            {
                always.Add(position);
                continue;
            }

            var (kind, text) = of.MinBy(key => shared[key]);
            if (kind == IndexKey.Field)
            {
                names.Add(text[..text.IndexOf('\n')]);
            }

            rows.TryAdd(kind, new Dictionary<string, List<int>>(StringComparer.Ordinal));
            rows[kind].TryAdd(text, []);
            rows[kind][text].Add(position);
        }

        _always = [.. always];
        _tables = [.. Enum.GetValues<IndexKey>().Select(kind => new TextTable(rows.GetValueOrDefault(kind) ?? []))];
        _fieldNames = names.GetAlternateLookup<ReadOnlySpan<char>>();
        _byField = names.Count > 0;
    }

    /// <summary>Looks at every row that may hold a match.</summary>
    public void Search(in FactReader facts, ref RuleSearch search)
    {
        Row(IndexKey.Channel, facts.Channel, facts, ref search);
        Row(IndexKey.Interface, facts.Facts.Interface, facts, ref search);
        Lists(IndexKey.Group, facts.Groups, facts, ref search);
        Party(IndexKey.CallingNumber, IndexKey.CallingPrefix, 0, facts, ref search);
        Party(IndexKey.CalledNumber, IndexKey.CalledPrefix, 1, facts, ref search);
        Lists(IndexKey.CallingList, facts.Party(0).Lists, facts, ref search);
        Lists(IndexKey.CalledList, facts.Party(1).Lists, facts, ref search);
        for (var party = 0; party < facts.Count; party++)
        {
            Party(IndexKey.AnyNumber, IndexKey.AnyPrefix, party, facts, ref search);
        }

        Lists(IndexKey.AnyList, facts.AnyLists, facts, ref search);
        if (_byField)
        {
            Fields(facts, ref search);
        }

        search.Scan(_always, facts);
    }

    /// <summary>The conditions under which a rule can be found. Their number does not depend on the facts.</summary>
    private static IEnumerable<(IndexKey Kind, string Text)> KeysOf(CompiledRule rule)
    {
        if (rule.Channel is { } channel)
        {
            yield return (IndexKey.Channel, channel);
        }

        if ((rule.ChannelInterface ?? rule.Interface) is { } @interface)
        {
            yield return (IndexKey.Interface, @interface);
        }

        if (rule.Rule.ChannelGroup is { } group)
        {
            yield return (IndexKey.Group, group);
        }

        foreach (var party in rule.Parties)
        {
            var role = (int)party.Role;
            if (party.Number is { } number)
            {
                yield return (IndexKey.CallingNumber + role, number);
            }
            else if (party.Prefix is { } prefix)
            {
                yield return (IndexKey.CallingPrefix + role, prefix);
            }
            else if (party.ListName is { } list)
            {
                yield return (IndexKey.CallingList + role, list);
            }
        }

        foreach (var field in rule.Fields)
        {
            if (field.Value is { } value)
            {
                yield return (IndexKey.Field, $"{field.Name.ToLowerInvariant()}\n{value}");
            }
        }
    }

    private void Row(IndexKey kind, ReadOnlySpan<char> text, in FactReader facts, ref RuleSearch search)
    {
        var table = _tables[(int)kind];
        if (!table.IsEmpty)
        {
            search.Scan(table.Find(text), facts);
        }
    }

    private void Party(IndexKey whole, IndexKey prefix, int party, in FactReader facts, ref RuleSearch search)
    {
        var number = facts.Number(party);
        Row(whole, number, facts, ref search);
        var table = _tables[(int)prefix];
        for (var length = table.Shorter(number.Length + 1); length > 0; length = table.Shorter(length))
        {
            search.Scan(table.Find(number[..length]), facts);
        }
    }

    private void Lists(IndexKey kind, Membership lists, in FactReader facts, ref RuleSearch search)
    {
        var table = _tables[(int)kind];
        if (table.IsEmpty)
        {
            return;
        }

        for (var list = lists.Next(0); list >= 0; list = lists.Next(list + 1))
        {
            search.Scan(table.Find(kind == IndexKey.Group ? facts.GroupName(list) : facts.ListName(list)), facts);
        }
    }

    private void Fields(in FactReader facts, ref RuleSearch search)
    {
        Span<char> key = stackalloc char[MaxFieldName + 1 + MaxFieldValue];
        for (var i = 0; i < facts.FieldCount; i++)
        {
            var field = facts.Facts.Fields![i];
            if (field.Name.Length is 0 or > MaxFieldName || field.Value.Length > MaxFieldValue)
            {
                continue;
            }

            // Names are ASCII in rules; another is in none.
            var name = key[..field.Name.AsSpan().ToLowerInvariant(key)];
            if (_fieldNames.Contains(name))
            {
                key[name.Length] = '\n';
                field.Value.CopyTo(key[(name.Length + 1)..]);
                Row(IndexKey.Field, key[..(name.Length + 1 + field.Value.Length)], facts, ref search);
            }
        }
    }
}
