using System.Globalization;

namespace Talreg.Policy;

/// <summary>One fault of a policy's text.</summary>
/// <param name="Rule">
/// The rule's name, or its number as <c>#1</c> when it has no valid one; the list's for what rules refer to; empty for
/// the document.
/// </param>
/// <param name="Member">The member as the API names it.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public sealed record PolicyFault(string Rule, string Member, string Message)
{
    /// <inheritdoc />
    public override string ToString() =>
        Rule.Length == 0 ? $"{Member}: {Message}" : $"Rule {Rule}, {Member}: {Message}";
}

/// <summary>The faults found so far.</summary>
internal sealed class PolicyFaults
{
    private readonly List<PolicyFault> _faults = [];

    public IReadOnlyList<PolicyFault> All => _faults;

    /// <summary>True once there are as many as anyone would read.</summary>
    public bool Enough => _faults.Count >= PolicyValidator.MaxFaults;

    public void Add(string rule, string member, FormattableString message) =>
        _faults.Add(new PolicyFault(rule, member, message.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Adds a fault unless something holds.</summary>
    public void Unless(bool holds, string rule, string member, FormattableString message)
    {
        if (!holds)
        {
            Add(rule, member, message);
        }
    }
}
