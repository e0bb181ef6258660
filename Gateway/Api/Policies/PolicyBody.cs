using System.Text.Json;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Policies;

/// <summary>Reads the text of a policy, strictly, and names every fault by its place: a rule misread is a call not recorded.</summary>
internal sealed class PolicyBody
{
    public const int MaxRules = 1000;
    public const int MaxTextLength = 256;
    private const int MaxFaults = 20;

    private const string Members =
        "name, channel, callingPrefix, calledPrefix, direction, verdict, retentionDays, preBufferSeconds, digits "
        + "and purpose";

    private readonly List<string> _faults = [];

    /// <summary>Reads a body; on failure <paramref name="detail"/> lists the faults.</summary>
    public static bool TryRead(JsonElement root, out PolicyDocument document, out string detail)
    {
        var body = new PolicyBody();
        var rules = body.Rules(root);
        document = new PolicyDocument(rules);
        detail = string.Join(' ', body._faults.Take(MaxFaults));
        return body._faults.Count == 0;
    }

    private List<PolicyRule> Rules(JsonElement root)
    {
        var rules = new List<PolicyRule>();
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("rules", out var list))
        {
            _faults.Add("The body must be an object with the member 'rules'.");
            return rules;
        }

        foreach (var member in root.EnumerateObject().Where(static member => member.Name != "rules"))
        {
            _faults.Add($"'{Http.Problem.Shorten(member.Name)}' is not known; the body holds 'rules' only.");
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MaxRules)
        {
            _faults.Add($"'rules' must be a list of 1 to {MaxRules} rules.");
            return rules;
        }

        foreach (var (index, rule) in list.EnumerateArray().Index())
        {
            rules.Add(Rule(rule, $"rules[{index}]"));
        }

        return rules;
    }

    private PolicyRule Rule(JsonElement rule, string at)
    {
        if (rule.ValueKind != JsonValueKind.Object)
        {
            _faults.Add($"'{at}' must be an object.");
            return Nothing;
        }

        foreach (var member in rule.EnumerateObject().Where(static member => !IsKnown(member.Name)))
        {
            _faults.Add($"'{at}.{Http.Problem.Shorten(member.Name)}' is not known; a rule holds {Members}.");
        }

        return new PolicyRule
        {
            Name = Text(rule, at, "name", required: true)!,
            Channel = Text(rule, at, "channel"),
            CallingPrefix = Text(rule, at, "callingPrefix"),
            CalledPrefix = Text(rule, at, "calledPrefix"),
            Direction = Direction(rule, at),
            Verdict = Verdict(rule, at),
            RetentionDays = Days(rule, at),
            PreBufferSeconds = PreBuffer(rule, at),
            Digits = Digits(rule, at),
            Purpose = Text(rule, at, "purpose", required: true)!,
        };
    }

    private static PolicyRule Nothing => new()
    {
        Name = string.Empty,
        Verdict = default,
        RetentionDays = 0,
        Purpose = string.Empty,
    };

    private static bool IsKnown(string name) => name is "name" or "channel" or "callingPrefix" or "calledPrefix"
        or "direction" or "verdict" or "retentionDays" or "preBufferSeconds" or "digits" or "purpose";

    private string? Text(JsonElement rule, string at, string name, bool required = false)
    {
        if (rule.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
        {
            if (value.ValueKind == JsonValueKind.String
                && value.GetString() is { Length: > 0 and <= MaxTextLength } text)
            {
                return text;
            }

            _faults.Add($"'{at}.{name}' must be a text of 1 to {MaxTextLength} characters.");
        }
        else if (required)
        {
            _faults.Add($"'{at}.{name}' is missing.");
        }

        return required ? string.Empty : null;
    }

    private CallDirection? Direction(JsonElement rule, string at)
    {
        switch (Text(rule, at, "direction"))
        {
            case null: return null;
            case "inbound": return CallDirection.Inbound;
            case "outbound": return CallDirection.Outbound;
            case "internal": return CallDirection.Internal;
            case "unknown": return CallDirection.Unknown;
            case var held:
                _faults.Add($"'{at}.direction' held '{Http.Problem.Shorten(held)}'; "
                    + "it may hold inbound, outbound, internal or unknown.");
                return null;
        }
    }

    private VerdictKind Verdict(JsonElement rule, string at)
    {
        switch (Text(rule, at, "verdict", required: true))
        {
            case "record": return VerdictKind.Record;
            case "never": return VerdictKind.Never;
            case "onDemand": return VerdictKind.OnDemand;
            case "pending": return VerdictKind.Pending;
            case "": return default;
            case var held:
                _faults.Add($"'{at}.verdict' held '{Http.Problem.Shorten(held)}'; "
                    + "it may hold record, never, onDemand or pending.");
                return default;
        }
    }

    private DigitHandling Digits(JsonElement rule, string at)
    {
        switch (Text(rule, at, "digits"))
        {
            case null or "store": return DigitHandling.Store;
            case "mask": return DigitHandling.Mask;
            case "suppress": return DigitHandling.Suppress;
            case var held:
                _faults.Add($"'{at}.digits' held '{Http.Problem.Shorten(held)}'; "
                    + "it may hold store, mask or suppress.");
                return DigitHandling.Store;
        }
    }

    private int PreBuffer(JsonElement rule, string at)
    {
        if (!rule.TryGetProperty("preBufferSeconds", out var value))
        {
            return 0;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var seconds) && seconds is >= 0 and <= 60)
        {
            return seconds;
        }

        _faults.Add($"'{at}.preBufferSeconds' must be a whole number from 0 to 60.");
        return 0;
    }

    private int Days(JsonElement rule, string at)
    {
        if (rule.TryGetProperty("retentionDays", out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var days)
            && days is >= 1 and <= 36_525)
        {
            return days;
        }

        _faults.Add($"'{at}.retentionDays' must be a whole number from 1 to 36525.");
        return 0;
    }
}
