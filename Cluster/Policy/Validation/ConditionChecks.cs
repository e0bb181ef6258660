using Talreg.Contracts;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Validation;

/// <summary>Checks a rule's conditions.</summary>
internal static class ConditionChecks
{
    private const string AName = "1 to 32 of a-z, 0-9 and -, no hyphen at either end.";

    public static void Check(
        PolicyRule rule, string name, PolicyNames names, HashSet<string> zones, PolicyFaults faults)
    {
        faults.Unless(rule.Tenant is null || Names.IsValid(rule.Tenant), name, "tenant", $"{AName}");
        faults.Unless(rule.Interface is null || Names.IsValid(rule.Interface), name, "interface", $"{AName}");
        faults.Unless(
            rule.Channel is null || PolicyTexts.IsChannel(rule.Channel), name, "channel",
            $"{{interface}}/{{line}} or {{interface}}/*.");
        Refer(rule.ChannelGroup, names.ChannelGroups, name, "channelGroup", faults);
        CheckParty(rule.CallingPrefix, name, "callingPrefix", faults);
        CheckParty(rule.CalledPrefix, name, "calledPrefix", faults);
        CheckParty(rule.Calling, names, name, "calling", faults);
        CheckParty(rule.Called, names, name, "called", faults);
        CheckParty(rule.Party, names, name, "party", faults);
        faults.Unless(
            rule.Direction is not { } direction || Enum.IsDefined(direction), name, "direction",
            $"unknown, inbound, outbound or internal.");
        if (rule.Time is { } time)
        {
            CheckTime(time, names, name, zones, faults);
        }

        faults.Unless(
            rule.Consent is not { } consent || (Names.IsValid(consent.Purpose) && Enum.IsDefined(consent.State)),
            name, "consent", $"a purpose ({AName}) and a state: unknown, given, refused or withdrawn.");
        faults.Unless(rule.CallPurpose is null || Names.IsValid(rule.CallPurpose), name, "callPurpose", $"{AName}");
        faults.Unless(
            rule.Language is null || PolicyTexts.IsLanguage(rule.Language), name, "language",
            $"a language range, such as sv or en-GB.");
        CheckFields(rule.Fields, name, faults);
    }

    private static void CheckParty(string? party, string rule, string member, PolicyFaults faults) => faults.Unless(
        party is null || PolicyTexts.IsParty(party), rule, member,
        $"1 to {PolicyValidator.MaxPrefixLength} digits, + or characters of a user part; no scheme or host.");

    private static void CheckParty(
        PartyCondition? party, PolicyNames names, string rule, string member, PolicyFaults faults)
    {
        if (party is null)
        {
            return;
        }

        object?[] given = [party.Number, party.Prefix, party.List, party.Anonymous];
        faults.Unless(
            given.Count(static one => one is not null) == 1, rule, member,
            $"one of number, prefix, list and anonymous.");
        CheckParty(party.Number, rule, member, faults);
        CheckParty(party.Prefix, rule, member, faults);
        Refer(party.List, names.PartyLists, rule, member, faults);
    }

    private static void CheckTime(
        TimeCondition time, PolicyNames names, string rule, HashSet<string> zones, PolicyFaults faults)
    {
        const string member = "time";
        if (PolicyTexts.IsZone(time.Zone))
        {
            zones.Add(time.Zone);
        }
        else
        {
            faults.Add(rule, member, $"the zone is none that this machine knows, such as Europe/Stockholm.");
        }

        faults.Unless(
            (time.From is null && time.To is null)
                || (PolicyTexts.IsTimeOfDay(time.From) && PolicyTexts.IsTimeOfDay(time.To)),
            rule, member, $"from and to are given together, each as HH:mm.");
        faults.Unless(
            time.Weekdays is null
                || (time.Weekdays.Count is > 0 and <= 7 && time.Weekdays.All(Enum.IsDefined)),
            rule, member, $"1 to 7 weekdays.");
        Refer(time.Calendar, names.Calendars, rule, member, faults);
        Refer(time.ExceptCalendar, names.Calendars, rule, member, faults);
        faults.Unless(
            time is not { From: null, Weekdays: null, Calendar: null, ExceptCalendar: null }, rule, member,
            $"from and to, weekdays, calendar or exceptCalendar are needed beside the zone.");
    }

    private static void CheckFields(IReadOnlyList<FieldCondition>? fields, string rule, PolicyFaults faults)
    {
        const string member = "fields";
        if (fields is null)
        {
            return;
        }

        faults.Unless(
            fields.Count is > 0 and <= PolicyValidator.MaxFields, rule, member,
            $"1 to {PolicyValidator.MaxFields} of them.");
        faults.Unless(
            fields.All(static field => PolicyTexts.IsField(field?.Name)), rule, member,
            $"a name has 1 to {PolicyValidator.MaxFieldNameLength} letters, digits and : . _ -.");
        faults.Unless(
            fields.All(static field => field is null
                || (PolicyTexts.IsFieldValue(field.Value) && PolicyTexts.IsFieldValue(field.Prefix)
                    && (field.Value is null || field.Prefix is null))),
            rule, member, $"a value or a prefix, of 1 to {PolicyValidator.MaxFieldValueLength} characters.");
    }

    private static void Refer(string? to, HashSet<string> names, string rule, string member, PolicyFaults faults) =>
        faults.Unless(
            to is null || names.Contains(to), rule, member, $"refers to '{to}', which the document does not have.");
}
