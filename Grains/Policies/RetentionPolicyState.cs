using Talreg.Contracts.Policies;

namespace Talreg.Grains.Policies;

/// <summary>State of <see cref="RetentionPolicyGrain"/>.</summary>
[GenerateSerializer, Alias("Talreg.RetentionPolicyState")]
public sealed class RetentionPolicyState
{
    /// <summary>
    /// Versions, number 1 first. A version without its text has it in an <see cref="IPolicyTextGrain"/>.
    /// </summary>
    [Id(0)] public List<PolicyVersion> Versions { get; set; } = [];

    /// <summary>The number in force before anything in <see cref="Activations"/>; 0 for none.</summary>
    [Id(1)] public int Active { get; set; }

    /// <summary>What was put in force since, in the order it was said.</summary>
    [Id(2)] public List<PolicyActivation> Activations { get; set; } = [];

    /// <summary>Versions whose approval was not used yet.</summary>
    [Id(3)] public List<int> Approved { get; set; } = [];

    /// <summary>
    /// The number in force at a moment: the one whose time came last; of one time, the one that was said last.
    /// </summary>
    public int ActiveAt(DateTimeOffset moment)
    {
        var active = Active;
        var since = DateTimeOffset.MinValue;
        foreach (var activation in Activations)
        {
            if (activation.At <= moment && activation.At >= since)
            {
                (active, since) = (activation.Version, activation.At);
            }
        }

        return active;
    }

    /// <summary>A copy whose lists are its own.</summary>
    public RetentionPolicyState Copy() => new()
    {
        Versions = [.. Versions],
        Active = Active,
        Activations = [.. Activations],
        Approved = [.. Approved],
    };
}
