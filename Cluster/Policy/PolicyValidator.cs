using Talreg.Contracts;
using Talreg.Contracts.Policies;
using Talreg.Policy.Validation;

namespace Talreg.Policy;

/// <summary>Finds the faults of a policy's text before it may decide anything.</summary>
public static class PolicyValidator
{
    /// <summary>Most rules in one policy.</summary>
    public const int MaxRules = 10_000;

    /// <summary>Most lists of parties, and most groups of channels.</summary>
    public const int MaxLists = 256;

    /// <summary>Most entries of all lists of parties together.</summary>
    public const int MaxParties = 100_000;

    /// <summary>Most channels of one group.</summary>
    public const int MaxChannels = 10_000;

    /// <summary>Most calendars, and most time zones that rules use.</summary>
    public const int MaxCalendars = 64;

    /// <summary>Most time zones that a policy's rules name.</summary>
    public const int MaxZones = 64;

    /// <summary>Most days of one calendar.</summary>
    public const int MaxDays = 4_000;

    /// <summary>Most conditions on fields of one rule.</summary>
    public const int MaxFields = 8;

    /// <summary>Most listeners that a rule names.</summary>
    public const int MaxListeners = 32;

    /// <summary>The highest rank of a duty.</summary>
    public const int MaxRank = 100;

    /// <summary>Most days a recording can be kept: a hundred years.</summary>
    public const int MaxRetentionDays = 36525;

    /// <summary>The longest pre-buffer, in seconds.</summary>
    public const int MaxPreBufferSeconds = 60;

    /// <summary>The longest a call stays pending, in seconds.</summary>
    public const int MaxPendingSeconds = 60;

    /// <summary>The longest purpose, in characters.</summary>
    public const int MaxPurposeLength = 500;

    /// <summary>The longest prefix or number of a party, in characters.</summary>
    public const int MaxPrefixLength = 64;

    /// <summary>The longest name of a field, and of a listener, in characters.</summary>
    public const int MaxFieldNameLength = 64;

    /// <summary>The longest value of a field, in characters.</summary>
    public const int MaxFieldValueLength = 256;

    /// <summary>The longest language range, in characters (RFC 5646 §4.4.1).</summary>
    public const int MaxLanguageLength = 35;

    /// <summary>Faults after which the search for more ends.</summary>
    public const int MaxFaults = 200;

    /// <summary>Faults that a refusal lists.</summary>
    public const int MaxFaultsTold = 20;

    /// <summary>The faults, in the document's order; none means that it can be compiled.</summary>
    public static IReadOnlyList<PolicyFault> Validate(PolicyDocument? document)
    {
        var faults = new PolicyFaults();
        if (document?.Rules is not { Count: > 0 } rules)
        {
            faults.Add("", "rules", $"at least one rule is needed.");
            return faults.All;
        }

        if (rules.Count > MaxRules)
        {
            faults.Add("", "rules", $"{rules.Count} rules; at most {MaxRules}.");
            return faults.All;
        }

        faults.Unless(
            document.Schema is null or PolicySchema.Id, "", "schema",
            $"is not {PolicySchema.Id}, the only one known here.");
        var names = ListChecks.Check(document, faults);
        CheckRules(rules, names, faults);
        return faults.All;
    }

    /// <summary>True for a rule without conditions.</summary>
    internal static bool MatchesEverything(PolicyRule rule) =>
        rule is
        {
            Channel: null, CallingPrefix: null, CalledPrefix: null, Direction: null, Tenant: null, Interface: null,
            ChannelGroup: null, Calling: null, Called: null, Party: null, Time: null, Consent: null, CallPurpose: null,
            Fields: null, Language: null, CardDataNext: null,
        };

    private static void CheckRules(IReadOnlyList<PolicyRule> rules, PolicyNames names, PolicyFaults faults)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var zones = new HashSet<string>(StringComparer.Ordinal);
        string? catchAll = null;
        var last = NameOf(rules[^1], rules.Count);
        for (var i = 0; i < rules.Count && !faults.Enough; i++)
        {
            var rule = rules[i];
            var name = NameOf(rule, i + 1);
            if (rule is null)
            {
                faults.Add(name, "rule", $"is null.");
                continue;
            }

            CheckName(rule.Name, name, known, faults);
            ConditionChecks.Check(rule, name, names, zones, faults);
            TermChecks.Check(rule, name, faults);
            if (rule.Duty != PolicyDuty.None)
            {
                continue;
            }

            last = name;
            if (catchAll is not null)
            {
                faults.Add(name, "name", $"is never reached: rule {catchAll} matches everything.");
            }
            else if (MatchesEverything(rule))
            {
                catchAll = name;
            }
        }

        faults.Unless(
            catchAll is not null || faults.Enough, last, "rules",
            $"the last rule must match everything: leave its conditions out.");
        faults.Unless(zones.Count <= MaxZones, "", "zone", $"{zones.Count} time zones; at most {MaxZones}.");
    }

    private static void CheckName(string? held, string name, HashSet<string> known, PolicyFaults faults)
    {
        if (!Names.IsValid(held))
        {
            faults.Add(name, "name", $"1 to 32 of a-z, 0-9 and -, no hyphen at either end.");
        }
        else
        {
            faults.Unless(known.Add(held), name, "name", $"is used twice.");
        }
    }

    private static string NameOf(PolicyRule? rule, int number) =>
        rule is not null && Names.IsValid(rule.Name) ? rule.Name : FormattableString.Invariant($"#{number}");
}
