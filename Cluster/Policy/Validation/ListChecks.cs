using Talreg.Contracts;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Validation;

/// <summary>The names that rules may refer to.</summary>
internal sealed record PolicyNames(
    HashSet<string> PartyLists, HashSet<string> ChannelGroups, HashSet<string> Calendars);

/// <summary>Checks what rules refer to.</summary>
internal static class ListChecks
{
    private const string PartyLists = "partyLists";

    public static PolicyNames Check(PolicyDocument document, PolicyFaults faults)
    {
        var lists = Check(
            document.PartyLists, PartyLists, PolicyValidator.MaxLists, PolicyValidator.MaxParties, PolicyTexts.IsEntry,
            $"1 to 64 digits, + or characters of a user part; one that ends in * is a prefix", faults);
        var entries = (document.PartyLists ?? []).Sum(static list => (long)(list?.Entries?.Count ?? 0));
        faults.Unless(
            entries <= PolicyValidator.MaxParties, "", PartyLists,
            $"{entries} entries together; at most {PolicyValidator.MaxParties}.");
        return new PolicyNames(
            lists,
            Check(
                document.ChannelGroups, "channelGroups", PolicyValidator.MaxLists, PolicyValidator.MaxChannels,
                PolicyTexts.IsChannel, $"{{interface}}/{{line}} or {{interface}}/*", faults),
            Check(
                document.Calendars, "calendars", PolicyValidator.MaxCalendars, PolicyValidator.MaxDays,
                PolicyTexts.IsDay, $"a day, yyyy-MM-dd", faults));
    }

    private static HashSet<string> Check(
        IReadOnlyList<PolicyList>? lists,
        string member,
        int most,
        int mostEntries,
        Func<string?, bool> isEntry,
        FormattableString allowed,
        PolicyFaults faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (lists is null)
        {
            return names;
        }

        faults.Unless(lists.Count <= most, "", member, $"{lists.Count} of them; at most {most}.");
        foreach (var (index, list) in lists.Take(most).Index())
        {
            if (!Names.IsValid(list?.Name))
            {
                faults.Add("", member, $"[{index}]: a name has 1 to 32 of a-z, 0-9 and -, no hyphen at either end.");
                continue;
            }

            faults.Unless(names.Add(list.Name), "", member, $"{list.Name} is there twice.");
            if (list.Entries is not { Count: > 0 } entries || entries.Count > mostEntries)
            {
                faults.Add("", member, $"{list.Name} needs 1 to {mostEntries} entries.");
            }
            else if (entries.FirstOrDefault(entry => !isEntry(entry)) is { } fault)
            {
                faults.Add("", member, $"{list.Name} holds '{Shorten(fault)}'; an entry is {allowed}.");
            }
            else
            {
                faults.Unless(entries.All(isEntry), "", member, $"{list.Name} holds null; an entry is {allowed}.");
            }
        }

        return names;
    }

    private static string Shorten(string text) => text.Length > 64 ? text[..64] + "…" : text;
}
