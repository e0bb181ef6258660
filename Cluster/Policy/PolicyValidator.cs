using System.Globalization;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy;

/// <summary>One fault of a policy's text.</summary>
/// <param name="Rule">The rule's name, or its number as <c>#1</c> when it has no valid one; empty for the document.</param>
/// <param name="Member">The member as the API names it.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public sealed record PolicyFault(string Rule, string Member, string Message)
{
    /// <inheritdoc />
    public override string ToString() =>
        Rule.Length == 0 ? $"{Member}: {Message}" : $"Rule {Rule}, {Member}: {Message}";
}

/// <summary>Finds every fault of a policy's text before it may decide anything.</summary>
public static class PolicyValidator
{
    /// <summary>Most rules in one policy.</summary>
    public const int MaxRules = 1000;

    /// <summary>Most days a recording can be kept: a hundred years.</summary>
    public const int MaxRetentionDays = 36525;

    /// <summary>The longest pre-buffer, in seconds.</summary>
    public const int MaxPreBufferSeconds = 60;

    /// <summary>The longest purpose, in characters.</summary>
    public const int MaxPurposeLength = 500;

    /// <summary>The longest prefix of a party, in characters.</summary>
    public const int MaxPrefixLength = 64;

    /// <summary>Unreserved and user characters that a prefix may hold beside letters and digits (RFC 3261 §25.1).</summary>
    private const string UserCharacters = "+-_.!~*'()&=$,/% ";

    /// <summary>All faults, in the document's order; none means that it can be compiled.</summary>
    public static IReadOnlyList<PolicyFault> Validate(PolicyDocument? document)
    {
        var faults = new List<PolicyFault>();
        if (document?.Rules is not { Count: > 0 } rules)
        {
            faults.Add(new PolicyFault(string.Empty, "rules", "at least one rule is needed."));
            return faults;
        }

        if (rules.Count > MaxRules)
        {
            faults.Add(new PolicyFault(string.Empty, "rules", Text($"{rules.Count} rules; at most {MaxRules}.")));
            return faults;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        string? catchAll = null;
        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i];
            if (rule is null)
            {
                faults.Add(new PolicyFault(Text($"#{i + 1}"), "rule", "is null."));
                continue;
            }

            var name = Names.IsValid(rule.Name) ? rule.Name : Text($"#{i + 1}");
            CheckRule(rule, name, names, faults);
            if (catchAll is not null)
            {
                faults.Add(new PolicyFault(name, "name", $"is never reached: rule {catchAll} matches everything."));
            }
            else if (MatchesEverything(rule))
            {
                catchAll = name;
            }
        }

        if (catchAll is null)
        {
            var last = rules[^1]?.Name is { } lastName && Names.IsValid(lastName) ? lastName : Text($"#{rules.Count}");
            faults.Add(new PolicyFault(
                last, "rules", "the last rule must match everything: leave its conditions out."));
        }

        return faults;
    }

    private static bool MatchesEverything(PolicyRule rule) =>
        rule is { Channel: null, CallingPrefix: null, CalledPrefix: null, Direction: null };

    private static void CheckRule(PolicyRule rule, string name, HashSet<string> names, List<PolicyFault> faults)
    {
        if (!Names.IsValid(rule.Name))
        {
            faults.Add(new PolicyFault(name, "name", "1 to 32 of a-z, 0-9 and -, no hyphen at either end."));
        }
        else if (!names.Add(rule.Name))
        {
            faults.Add(new PolicyFault(name, "name", "is used twice."));
        }

        if (rule.Channel is { } channel && !IsChannel(channel))
        {
            faults.Add(new PolicyFault(name, "channel", "{interface}/{line} or {interface}/*."));
        }

        CheckPrefix(rule.CallingPrefix, name, "callingPrefix", faults);
        CheckPrefix(rule.CalledPrefix, name, "calledPrefix", faults);
        if (rule.Direction is { } direction && !Enum.IsDefined(direction))
        {
            faults.Add(new PolicyFault(name, "direction", "unknown, inbound, outbound or internal."));
        }

        if (!Enum.IsDefined(rule.Digits))
        {
            faults.Add(new PolicyFault(name, "digits", "store, mask or suppress."));
        }

        if (!Enum.IsDefined(rule.Verdict))
        {
            faults.Add(new PolicyFault(name, "verdict", "record, never, onDemand or pending."));
        }

        if (rule.RetentionDays is < 1 or > MaxRetentionDays)
        {
            faults.Add(new PolicyFault(name, "retentionDays", Text($"1 to {MaxRetentionDays}.")));
        }

        // A call that is recorded from its first packet, or never, has nothing that a pre-buffer could add.
        var longest = rule.Verdict is VerdictKind.OnDemand or VerdictKind.Pending ? MaxPreBufferSeconds : 0;
        if (rule.PreBufferSeconds < 0 || rule.PreBufferSeconds > longest)
        {
            faults.Add(new PolicyFault(
                name, "preBufferSeconds", Text($"0 to {MaxPreBufferSeconds}, and only of onDemand and pending.")));
        }

        if (string.IsNullOrWhiteSpace(rule.Purpose) || rule.Purpose.Length > MaxPurposeLength)
        {
            faults.Add(new PolicyFault(name, "purpose", Text($"1 to {MaxPurposeLength} characters.")));
        }
    }

    private static bool IsChannel(string channel)
    {
        var slash = channel.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && Names.IsValid(channel[..slash])
            && channel.Length - slash - 1 is > 0 and <= Names.MaxLineLength
            && !channel.AsSpan(slash + 1).ContainsAnyInRange('\0', ' ');
    }

    private static void CheckPrefix(string? prefix, string rule, string member, List<PolicyFault> faults)
    {
        if (prefix is null)
        {
            return;
        }

        var valid = prefix.Length is > 0 and <= MaxPrefixLength && PartyNumber.Normalize(prefix).Length > 0;
        foreach (var c in prefix)
        {
            valid &= char.IsAsciiLetterOrDigit(c) || UserCharacters.Contains(c, StringComparison.Ordinal);
        }

        if (!valid)
        {
            faults.Add(new PolicyFault(
                rule, member,
                Text($"1 to {MaxPrefixLength} digits, + or characters of a user part; no scheme or host.")));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
