using System.Text.Json.Serialization;

namespace Talreg.Contracts.Policies;

/// <summary>A condition on a party. Exactly one member is given.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.PartyCondition")]
public sealed record PartyCondition
{
    /// <summary>The whole number or user part.</summary>
    [Id(0), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Number { get; init; }

    /// <summary>A prefix of it.</summary>
    [Id(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prefix { get; init; }

    /// <summary>It is in this list of the document.</summary>
    [Id(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? List { get; init; }

    /// <summary>True: it does not say who it is (RFC 3323 §4.1.1.3). False: it does.</summary>
    [Id(3), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Anonymous { get; init; }
}

/// <summary>A condition on the moment a call began. All members given must match.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.TimeCondition")]
public sealed record TimeCondition
{
    /// <summary>The time zone in which the others are meant, a name of the IANA database.</summary>
    [Id(0)] public required string Zone { get; init; }

    /// <summary>From this time of day on, <c>HH:mm</c>. Given with <see cref="To"/>.</summary>
    [Id(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>
    /// To before this time of day. Before or at <see cref="From"/> it means that of the next day, and days are those on
    /// which
    /// the time began.
    /// </summary>
    [Id(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? To { get; init; }

    /// <summary>On these days of the week.</summary>
    [Id(3), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DayOfWeek>? Weekdays { get; init; }

    /// <summary>On a day of this calendar of the document.</summary>
    [Id(4), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Calendar { get; init; }

    /// <summary>Not on a day of this calendar.</summary>
    [Id(5), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExceptCalendar { get; init; }
}

/// <summary>What is known of a person's consent.</summary>
public enum ConsentState
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>Given, and not withdrawn.</summary>
    Given,

    /// <summary>Asked for and not given.</summary>
    Refused,

    /// <summary>Given once, and withdrawn.</summary>
    Withdrawn,
}

/// <summary>A condition on consent.</summary>
/// <param name="Purpose">What was to be agreed to, a name.</param>
/// <param name="State">What is known of it.</param>
[GenerateSerializer, Immutable, Alias("Talreg.ConsentCondition")]
public sealed record ConsentCondition(
    [property: Id(0)] string Purpose, [property: Id(1)] ConsentState State);

/// <summary>A condition on a field of the metadata: with neither value nor prefix, that it is there.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.FieldCondition")]
public sealed record FieldCondition
{
    /// <summary>
    /// The field, as the call's attributes name it, such as <c>queue</c> or <c>header:X-Skill</c>; case does not count.
    /// </summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>One of its values is this.</summary>
    [Id(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Value { get; init; }

    /// <summary>One of its values begins with this.</summary>
    [Id(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prefix { get; init; }
}
