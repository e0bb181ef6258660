using System.Text.Json.Serialization;

namespace Talreg.Contracts.Policies;

/// <summary>
/// A policy's text. Of the rules that match, a duty decides before one without; among duties the higher rank, then the
/// duty not to
/// record, then the place in the document; among rules without a duty the place. The last rule without a duty must
/// match
/// everything.
/// </summary>
/// <remarks>Its JSON is described by <see cref="PolicySchema"/>.</remarks>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyDocument")]
public sealed record PolicyDocument([property: Id(0)] IReadOnlyList<PolicyRule> Rules)
{
    /// <summary>Lists of parties: numbers or user parts; one that ends in <c>*</c> is a prefix.</summary>
    [Id(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PolicyList>? PartyLists { get; init; }

    /// <summary>Groups of channels: <c>{interface}/{line}</c>, or <c>{interface}/*</c>.</summary>
    [Id(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PolicyList>? ChannelGroups { get; init; }

    /// <summary>Calendars: days, <c>yyyy-MM-dd</c>.</summary>
    [Id(3), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PolicyList>? Calendars { get; init; }

    /// <summary>
    /// The language the text is written in, <see cref="PolicySchema.Id"/>; null where it does not say.
    /// </summary>
    [Id(4), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Schema { get; init; }
}

/// <summary>Something with a name that rules refer to.</summary>
/// <param name="Name">Its name, unique among its kind.</param>
/// <param name="Entries">What is in it.</param>
[GenerateSerializer, Immutable, Alias("Talreg.PolicyList")]
public sealed record PolicyList([property: Id(0)] string Name, [property: Id(1)] IReadOnlyList<string> Entries);
