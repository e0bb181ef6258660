using Talreg.Contracts.Calls;

namespace Talreg.Gateway.Admission;

/// <summary>One admission, for whoever counts them.</summary>
/// <param name="Verdict">What was decided.</param>
/// <param name="Alone">True when the gateway decided without the cluster.</param>
/// <param name="Took">From the question to the verdict.</param>
public readonly record struct AdmissionOutcome(VerdictKind Verdict, bool Alone, TimeSpan Took);
