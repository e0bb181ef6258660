using Talreg.Contracts;
using Talreg.Contracts.Policies;

namespace Talreg.Policy;

/// <summary>Makes a policy's text ready to decide.</summary>
public static class PolicyEvaluator
{
    /// <summary>Validates and compiles.</summary>
    /// <exception cref="RefusalException"><see cref="RefusalKind.Invalid"/>, naming the faults.</exception>
    public static CompiledPolicy Compile(PolicyDocument document)
    {
        var faults = PolicyValidator.Validate(document);
        return faults.Count == 0
            ? new CompiledPolicy(document)
            : throw new RefusalException(RefusalKind.Invalid,
                string.Join(" ", faults.Take(PolicyValidator.MaxFaultsTold)));
    }
}
