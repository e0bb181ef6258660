using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;
using Talreg.Policy;

namespace Talreg.Grains.Policies;

/// <summary>One simulation under way: what it found so far.</summary>
internal sealed class SimulationRun(
    CompiledPolicy compiled, string policy, int version, DateTimeOffset from, DateTimeOffset to, string actor)
{
    private readonly List<SimulatedCall> _changed = [];
    private long _calls;
    private long _otherwise;
    private long _directionUnknown;

    /// <summary>Calls that started at or after.</summary>
    public DateTimeOffset From => from;

    /// <summary>Calls that started before.</summary>
    public DateTimeOffset To => to;

    /// <summary>Whether it goes on.</summary>
    public SimulationState State { get; set; } = SimulationState.Running;

    /// <summary>Why it failed.</summary>
    public string? Fault { get; set; }

    /// <summary>Decides about a call that was, by what was known of it, as if it were offered now.</summary>
    public void Try(CallDocument call, int mostListed)
    {
        // What people started and stopped later is not the policy's; its word is the first verdict.
        if (call.Verdicts is not [var decided, ..] || decided.Policy != policy)
        {
            return;
        }

        _calls++;
        _directionUnknown += call.Direction is null ? 1 : 0;
        var facts = PolicyFacts.Of(call);
        if (!IsOtherwise(decided, compiled.Find(facts)))
        {
            return;
        }

        _otherwise++;
        if (_changed.Count < mostListed)
        {
            var simulated = compiled.Evaluate(facts).Given(call.StartedAt, policy, version);
            _changed.Add(new SimulatedCall(call.Id, call.StartedAt, decided, simulated));
        }
    }

    /// <summary>The sum, once it is complete.</summary>
    public PolicySimulationResult Result(DateTimeOffset at) => new(actor, at, from, to, _calls, _otherwise);

    /// <summary>How far it is, with a page of what it found.</summary>
    public PolicySimulation Describe(int offset, int limit) => new()
    {
        Policy = policy,
        Version = version,
        State = State,
        Fault = Fault,
        From = from,
        To = to,
        Calls = _calls,
        Changed = _otherwise,
        DirectionUnknown = _directionUnknown,
        Listed = _changed.Count,
        Items = [.. _changed.Skip(offset).Take(limit)],
        Next = offset + limit < _changed.Count ? offset + limit : null,
    };

    /// <summary>
    /// True where the call, its keys pressed or who may have it would have fared otherwise; another rule alone is not.
    /// </summary>
    private static bool IsOtherwise(Verdict decided, PolicyVerdict now) =>
        decided.Kind != now.Kind
        || decided.Retention != now.Retention
        || decided.ExtendableToDays != now.ExtendableToDays
        || decided.PreBufferSeconds != now.PreBufferSeconds
        || decided.PendingSeconds != now.PendingSeconds
        || decided.Digits != now.Digits
        || decided.Notice != now.Notice
        || decided.LegalBasis != now.LegalBasis
        || !(decided.Listeners ?? []).SequenceEqual(now.Listeners ?? [], StringComparer.Ordinal);
}
