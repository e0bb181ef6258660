using System.Globalization;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Policies;
using Talreg.Policy;

namespace Talreg.Benchmarks.Micro;

/// <summary>Decides about a call by a policy of 10,000 rules, as an admission does.</summary>
/// <param name="document">The policy.</param>
/// <param name="explain">True with the explanation in words.</param>
internal sealed class PolicyStep(PolicyDocument document, bool explain) : IStep
{
    private const int Rules = 10_000;

    private readonly CompiledPolicy _policy = PolicyEvaluator.Compile(document);
    private readonly PolicyFacts _facts = new(
        "sip1", "1042", "sip:+46812345678@bank.example", "sip:+447900123456@carrier.example", CallDirection.Outbound)
    {
        Tenant = "default",
        At = new DateTimeOffset(2026, 11, 24, 9, 30, 0, TimeSpan.Zero),
        Participants = [new Participant { Id = "p", Aor = "sip:+46812345678@bank.example" }],
        Fields = [new CallAttribute("queue", "queue-9999"), new CallAttribute("ucid", "0001")],
    };

    /// <summary>Rules by channel, number, prefix, list and queue, two fifths of them duties, many with hours.</summary>
    internal static PolicyDocument Mixed { get; } = Of(static n => (n % 5) switch
    {
        0 => Named(n) with { Channel = Text($"sip1/{n}"), Time = Hours },
        1 => Duty(n) with { Called = new PartyCondition { Number = Text($"+4479{n:D8}") } },
        2 => Named(n) with { Calling = new PartyCondition { Prefix = Text($"+468{n}") } },
        3 => Duty(n) with { Party = new PartyCondition { List = Text($"list-{n % 200}") }, Time = Hours },
        _ => Named(n) with { Fields = [new FieldCondition { Name = "queue", Value = Text($"queue-{n}") }] },
    });

    /// <summary>Rules that no number, channel or field tells apart: each is tested.</summary>
    internal static PolicyDocument Alike { get; } = Of(static n => Named(n) with
    {
        Direction = CallDirection.Outbound, Language = n % 2 == 0 ? "sv" : "en",
    });

    private static TimeCondition Hours => new()
    {
        Zone = "Europe/Stockholm", From = "08:00", To = "17:00", Weekdays = [DayOfWeek.Monday, DayOfWeek.Tuesday],
    };

    public void Run()
    {
        var verdict = explain ? _policy.Evaluate(_facts) : _policy.Find(_facts);
        if (verdict.Rule.Length == 0)
        {
            throw new BenchmarkException("no rule");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static PolicyDocument Of(Func<int, PolicyRule> rule) => new(
        [.. Enumerable.Range(0, Rules - 1).Select(rule), Named(Rules)])
    {
        PartyLists =
        [
            .. Enumerable.Range(0, 200).Select(static list => new PolicyList(
                Text($"list-{list}"), [.. Enumerable.Range(0, 100).Select(n => Text($"+46{list:D3}{n:D4}"))])),
        ],
    };

    private static PolicyRule Named(int number) => new()
    {
        Name = Text($"r{number}"), Verdict = VerdictKind.Record, RetentionDays = 1826, Purpose = "orders",
    };

    private static PolicyRule Duty(int number) =>
        Named(number) with { Duty = PolicyDuty.MustRecord, Rank = number % 7 };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
