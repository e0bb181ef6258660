namespace Talreg.Grains.Policies;

/// <summary>When a second person must have approved a version before it is put in force.</summary>
public enum PolicyApproval
{
    /// <summary>
    /// Always but for a policy's first version that a person puts in force: somebody must be able to begin alone.
    /// </summary>
    TwoAfterFirst,

    /// <summary>Always.</summary>
    Two,

    /// <summary>Never; for laboratories. The ledger says that nobody approved.</summary>
    One,
}
