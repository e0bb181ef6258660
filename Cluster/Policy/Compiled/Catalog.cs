using System.Globalization;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Compiled;

/// <summary>What a document's rules refer to, ready to be looked up: lists, groups, calendars, time zones.</summary>
internal sealed class Catalog
{
    private readonly Dictionary<string, int> _lists;
    private readonly Dictionary<string, int> _groups;
    private readonly Dictionary<string, HashSet<int>> _calendars;
    private readonly List<TimeZoneInfo> _zones = [];
    private readonly TextTable _numbers;
    private readonly TextTable _prefixes;
    private readonly TextTable _channels;
    private readonly TextTable _interfaces;

    public Catalog(PolicyDocument document)
    {
        _lists = Numbered(document.PartyLists);
        _groups = Numbered(document.ChannelGroups);
        ListNames = [.. (document.PartyLists ?? []).Select(static list => list.Name)];
        GroupNames = [.. (document.ChannelGroups ?? []).Select(static group => group.Name)];
        var entries = Entries(document.PartyLists).ToList();
        _numbers = Table(entries.Where(static entry => !entry.Text.EndsWith('*'))
            .Select(static entry => (PartyNumber.Normalize(entry.Text), entry.List)));
        _prefixes = Table(entries.Where(static entry => entry.Text.EndsWith('*'))
            .Select(static entry => (PartyNumber.Normalize(entry.Text[..^1]), entry.List)));
        var channels = Entries(document.ChannelGroups).ToList();
        _channels = Table(channels.Where(static entry => !entry.Text.EndsWith("/*", StringComparison.Ordinal)));
        _interfaces = Table(channels.Where(static entry => entry.Text.EndsWith("/*", StringComparison.Ordinal))
            .Select(static entry => (entry.Text[..^2], entry.List)));
        _calendars = (document.Calendars ?? []).ToDictionary(
            static calendar => calendar.Name,
            static calendar => calendar.Entries
                .Select(static day => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).DayNumber)
                .ToHashSet(),
            StringComparer.Ordinal);
    }

    /// <summary>The time zones that rules use.</summary>
    public IReadOnlyList<TimeZoneInfo> Zones => _zones;

    /// <summary>The names of the lists of parties, by number.</summary>
    public IReadOnlyList<string> ListNames { get; }

    /// <summary>The names of the groups of channels, by number.</summary>
    public IReadOnlyList<string> GroupNames { get; }

    /// <summary>The number of a list of parties.</summary>
    public int List(string name) => _lists[name];

    /// <summary>The number of a group of channels.</summary>
    public int Group(string name) => _groups[name];

    /// <summary>The days of a calendar, as <see cref="DateOnly.DayNumber"/>; null for no name.</summary>
    public HashSet<int>? Calendar(string? name) => name is null ? null : _calendars[name];

    /// <summary>The number of a time zone.</summary>
    public int Zone(string name)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
        var index = _zones.FindIndex(known => known.Id == zone.Id);
        if (index >= 0)
        {
            return index;
        }

        _zones.Add(zone);
        return _zones.Count - 1;
    }

    /// <summary>The lists that a normalised party is in.</summary>
    public Membership ListsOf(ReadOnlySpan<char> party)
    {
        var lists = default(Membership);
        if (!_numbers.IsEmpty)
        {
            lists.Add(_numbers.Find(party));
        }

        for (var length = _prefixes.Shorter(party.Length + 1); length > 0; length = _prefixes.Shorter(length))
        {
            lists.Add(_prefixes.Find(party[..length]));
        }

        return lists;
    }

    /// <summary>The groups that a channel is in.</summary>
    public Membership GroupsOf(ReadOnlySpan<char> channel, ReadOnlySpan<char> @interface)
    {
        var groups = default(Membership);
        groups.Add(_channels.Find(channel));
        groups.Add(_interfaces.Find(@interface));
        return groups;
    }

    private static Dictionary<string, int> Numbered(IReadOnlyList<PolicyList>? lists) =>
        (lists ?? []).Index().ToDictionary(
            static list => list.Item.Name, static list => list.Index, StringComparer.Ordinal);

    private static IEnumerable<(string Text, int List)> Entries(IReadOnlyList<PolicyList>? lists) =>
        (lists ?? []).Index().SelectMany(static list => list.Item.Entries.Select(entry => (entry, list.Index)));

    private static TextTable Table(IEnumerable<(string Text, int List)> entries) => new(entries
        .GroupBy(static entry => entry.Text, static entry => entry.List, StringComparer.Ordinal)
        .Select(static group => KeyValuePair.Create(group.Key, group.ToList())));
}
