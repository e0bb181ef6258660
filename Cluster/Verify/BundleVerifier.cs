namespace Talreg.Verify;

/// <summary>Verifies evidence bundles (FORMAT §8). Stateless; may be called from any thread.</summary>
public static class BundleVerifier
{
    /// <summary>Verifies a bundle in memory.</summary>
    /// <param name="bundle">The bytes; read during the call, not kept.</param>
    /// <param name="trust">The log's key, had from elsewhere; null checks the bundle only against itself.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>What was found. Nothing in the bundle makes this throw.</returns>
    public static VerificationReport Verify(
        ReadOnlyMemory<byte> bundle, TrustAnchor? trust, VerifyOptions? options = null) =>
        Run(ByteSource.Of(bundle), trust, options ?? new VerifyOptions());

    /// <summary>Verifies a bundle in a stream, which stays open; one that cannot seek is taken into memory.</summary>
    /// <inheritdoc cref="Verify(ReadOnlyMemory{byte}, TrustAnchor?, VerifyOptions?)"/>
    public static VerificationReport Verify(Stream bundle, TrustAnchor? trust, VerifyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return Run(ByteSource.Of(bundle), trust, options ?? new VerifyOptions());
    }

    private static VerificationReport Run(ByteSource? source, TrustAnchor? trust, VerifyOptions options)
    {
        var findings = new Findings();
        var max = Math.Min(options.MaxBundleBytes, Limits.MaxBundleBytes);
        BundleContext? bundle = null;
        if (source is null || source.Length > max)
        {
            findings.Fail(CheckNames.Limits, "bundle", $"larger than {max} bytes, or too large to hold in memory");
        }
        else
        {
            bundle = Check(findings, source, trust, options);
        }

        return new VerificationReport
        {
            Result = findings.AnyFailed || bundle is null ? VerificationResult.Refused
                : trust is null ? VerificationResult.ConsistentOriginUnproved
                : VerificationResult.Verified,
            Call = bundle?.Manifest?.Call,
            Log = bundle?.Key?.Name ?? trust?.Name,
            Checks = findings.ToChecks(),
            Residual = findings.Residual,
            Takes = bundle?.Takes ?? [],
        };
    }

    private static BundleContext? Check(
        Findings findings, ByteSource source, TrustAnchor? trust, VerifyOptions options)
    {
        try
        {
            return new BundleChecks(findings, source, trust, options).Run();
        }
        catch (IOException failed)
        {
            // The device's failure, not the bundle's; but unread bytes are unverified bytes.
            findings.Fail(CheckNames.Reading, "bundle", failed.Message);
            return null;
        }
    }
}
