using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Compiled;

/// <summary>A party as rules see it; its number stands in the reader.</summary>
internal struct PartyEntry
{
    public int Length;
    public bool Anonymous;
    public Membership Lists;
}

/// <summary>
/// The facts of one evaluation in the form in which they are compared. Lives on the stack; allocates nothing.
/// </summary>
internal readonly ref struct FactReader
{
    /// <summary>The most parties looked at: calling, called, and participants.</summary>
    public const int MaxParties = 32;

    /// <summary>The most fields looked at.</summary>
    public const int MaxFields = 256;

    /// <summary>The longest channel that a rule can name: an interface, a slash and a line.</summary>
    public const int MaxChannel = 32 + 1 + 64;

    /// <summary>The facts as given.</summary>
    public readonly PolicyFacts Facts;

    /// <summary>The lists that any party is in.</summary>
    public readonly Membership AnyLists;

    /// <summary>The groups that the channel is in.</summary>
    public readonly Membership Groups;

    private readonly Catalog _catalog;
    private readonly Span<char> _text;
    private readonly Span<PartyEntry> _parties;
    private readonly Span<long> _local;
    private readonly ReadOnlySpan<char> _channel;

    /// <summary>Reads the facts into room that the caller has on its stack.</summary>
    /// <param name="facts">The facts.</param>
    /// <param name="catalog">What the rules refer to.</param>
    /// <param name="text">Room for the parties' numbers, <see cref="PartyNumber.MaxLength"/> for each.</param>
    /// <param name="parties">Room for the parties, 2 to <see cref="MaxParties"/>.</param>
    /// <param name="local">One zeroed number for each time zone.</param>
    /// <param name="channel">Room for <see cref="MaxChannel"/> characters.</param>
    public FactReader(
        in PolicyFacts facts,
        Catalog catalog,
        Span<char> text,
        Span<PartyEntry> parties,
        Span<long> local,
        Span<char> channel)
    {
        Facts = facts;
        _catalog = catalog;
        _text = text;
        _parties = parties;
        _local = local;
        Read(0, facts.Calling);
        Read(1, facts.Called);
        Count = 2;
        for (var i = 0; i < (facts.Participants?.Count ?? 0) && Count < parties.Length; i++)
        {
            Read(Count++, facts.Participants![i].Aor);
        }

        for (var i = 0; i < Count; i++)
        {
            AnyLists.Add(parties[i].Lists);
        }

        // A longer one than a rule can name is in no rule's channel, and stays empty here.
        if (facts.Interface.Length + 1 + facts.Line.Length <= channel.Length)
        {
            facts.Interface.CopyTo(channel);
            channel[facts.Interface.Length] = '/';
            facts.Line.CopyTo(channel[(facts.Interface.Length + 1)..]);
            _channel = channel[..(facts.Interface.Length + 1 + facts.Line.Length)];
        }

        Groups = catalog.GroupsOf(_channel, facts.Interface);
    }

    /// <summary>The parties: calling, called, then participants.</summary>
    public int Count { get; }

    /// <summary><c>{interface}/{line}</c>.</summary>
    public ReadOnlySpan<char> Channel => _channel;

    /// <summary>A party's number.</summary>
    public ReadOnlySpan<char> Number(int party) =>
        _text.Slice(party * PartyNumber.MaxLength, _parties[party].Length);

    /// <summary>A party.</summary>
    public ref readonly PartyEntry Party(int party) => ref _parties[party];

    /// <summary>The name of a list of parties.</summary>
    public string ListName(int list) => _catalog.ListNames[list];

    /// <summary>The name of a group of channels.</summary>
    public string GroupName(int group) => _catalog.GroupNames[group];

    /// <summary>Ticks of the local clock in a time zone when the call began; never negative.</summary>
    public long LocalTicks(int zone)
    {
        if (_local[zone] == 0)
        {
            var offset = _catalog.Zones[zone].GetUtcOffset(Facts.At);
            _local[zone] = Math.Max(1, Facts.At.UtcTicks + offset.Ticks);
        }

        return _local[zone];
    }

    /// <summary>The first value of a field that is one of ours; null for none.</summary>
    public string? Field(string name)
    {
        for (var i = 0; i < FieldCount; i++)
        {
            var field = Facts.Fields![i];
            if (string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return field.Value;
            }
        }

        return null;
    }

    /// <summary>Fields looked at.</summary>
    public int FieldCount => Math.Min(Facts.Fields?.Count ?? 0, MaxFields);

    /// <summary>
    /// What is known of a consent: of several persons the least, a withdrawal before a refusal before nothing.
    /// </summary>
    public ConsentState Consent(string purpose)
    {
        var seen = 0;
        for (var i = 0; i < (Facts.Consents?.Count ?? 0); i++)
        {
            var fact = Facts.Consents![i];
            seen |= string.Equals(fact.Purpose, purpose, StringComparison.Ordinal) ? 1 << (int)fact.State : 0;
        }

        for (var i = 0; i < FieldCount; i++)
        {
            seen |= Said(Facts.Fields![i], purpose);
        }

        return (seen & (1 << (int)ConsentState.Withdrawn)) != 0 ? ConsentState.Withdrawn
            : (seen & (1 << (int)ConsentState.Refused)) != 0 ? ConsentState.Refused
            : seen == 1 << (int)ConsentState.Given ? ConsentState.Given
            : ConsentState.Unknown;
    }

    private static int Said(CallAttribute field, string purpose)
    {
        if (!field.Name.StartsWith(PolicyFacts.ConsentField, StringComparison.OrdinalIgnoreCase)
            || !field.Name.AsSpan(PolicyFacts.ConsentField.Length).Equals(purpose, StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }

        return 1 << (int)(field.Value switch
        {
            "given" => ConsentState.Given,
            "refused" => ConsentState.Refused,
            "withdrawn" => ConsentState.Withdrawn,
            _ => ConsentState.Unknown,
        });
    }

    private void Read(int party, string address)
    {
        var room = _text.Slice(party * PartyNumber.MaxLength, PartyNumber.MaxLength);
        ref var entry = ref _parties[party];
        entry.Length = PartyNumber.Normalize(address, room);
        entry.Anonymous = PartyNumber.IsAnonymous(address, room[..entry.Length]);
        entry.Lists = _catalog.ListsOf(room[..entry.Length]);
    }
}
