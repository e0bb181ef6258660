using System.Security.Cryptography.X509Certificates;

namespace Talreg.Verify;

/// <summary>How a bundle is verified.</summary>
public sealed record VerifyOptions
{
    /// <summary>The call that is expected, as UUID text; null when any will do.</summary>
    public string? ExpectedCall { get; init; }

    /// <summary>Witnesses whose keys came from elsewhere than the bundle; none asks for no cosignature.</summary>
    public IReadOnlyList<WitnessAnchor> Witnesses { get; init; } = [];

    /// <summary>How many of <see cref="Witnesses"/> must have cosigned the checkpoint.</summary>
    public int WitnessQuorum { get; init; }

    /// <summary>Roots of trusted time-stamping authorities; none leaves open whose a timestamp is.</summary>
    public IReadOnlyList<X509Certificate2> TimestampRoots { get; init; } = [];

    /// <summary>The largest bundle read, in bytes; never more than the format allows.</summary>
    public long MaxBundleBytes { get; init; } = Limits.MaxBundleBytes;
}
