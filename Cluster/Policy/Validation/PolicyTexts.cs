using System.Globalization;
using Talreg.Contracts;

namespace Talreg.Policy.Validation;

/// <summary>The forms of texts in a policy. Each is the schema's pattern of the same name.</summary>
internal static class PolicyTexts
{
    /// <summary>
    /// Unreserved and user characters that a party may hold beside letters and digits (RFC 3261 §25.1).
    /// </summary>
    private const string UserCharacters = "+-_.!~*'()&=$,/% ";

    public static bool IsChannel(string? channel)
    {
        var slash = channel?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        return slash > 0
            && Names.IsValid(channel![..slash])
            && channel.Length - slash - 1 is > 0 and <= Names.MaxLineLength
            && !channel.AsSpan(slash + 1).ContainsAnyInRange('\0', ' ');
    }

    public static bool IsParty(string? party) =>
        party is { Length: > 0 and <= PolicyValidator.MaxPrefixLength }
        && party.All(static c => char.IsAsciiLetterOrDigit(c) || UserCharacters.Contains(c, StringComparison.Ordinal))
        && PartyNumber.Normalize(party).Length > 0;

    /// <summary>A party, or with a star at its end a prefix.</summary>
    public static bool IsEntry(string? entry) =>
        IsParty(entry) && (!entry!.EndsWith('*') || IsParty(entry[..^1]));

    public static bool IsDay(string? day) =>
        DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    public static bool IsTimeOfDay(string? time) =>
        TimeOnly.TryParseExact(time, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    public static bool IsZone(string? zone) =>
        zone is { Length: > 0 and <= 64 }
        && zone.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '/' or '-')
        && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _);

    public static bool IsField(string? name) =>
        name is { Length: > 0 and <= PolicyValidator.MaxFieldNameLength }
        && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is ':' or '.' or '_' or '-');

    public static bool IsFieldValue(string? value) =>
        value is null or { Length: > 0 and <= PolicyValidator.MaxFieldValueLength };

    public static bool IsLanguage(string language) =>
        language.Length <= PolicyValidator.MaxLanguageLength
        && language.Split('-') is [var primary, .. var more]
        && primary.Length is > 0 and <= 8
        && primary.All(char.IsAsciiLetter)
        && Array.TrueForAll(more, static part => part.Length is > 0 and <= 8 && part.All(char.IsAsciiLetterOrDigit));
}
