using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Talreg.Verify;

/// <summary>When somebody else saw the checkpoint: the RFC 3161 timestamp over its bytes (FORMAT §6).</summary>
internal static class TimestampChecks
{
    public const string MemberName = "checkpoint.tst";

    private const string Stamping = "1.3.6.1.5.5.7.3.8";
    private const int MaxBytes = 256 << 10;

    public static void Run(BundleContext bundle, ReadOnlySpan<byte> checkpoint, VerifyOptions options)
    {
        var findings = bundle.Findings;
        if (!bundle.Members.ContainsKey(MemberName))
        {
            findings.Skip(CheckNames.Timestamp, MemberName, "no timestamp in this bundle");
            findings.Leave("Times rest on the recorder's own clock: there is no RFC 3161 timestamp.");
            return;
        }

        if (bundle.Read(CheckNames.Timestamp, MemberName, MaxBytes) is not { } bytes)
        {
            return;
        }

        if (!Rfc3161TimestampToken.TryDecode(bytes, out var token, out var read) || read != bytes.Length)
        {
            findings.Fail(CheckNames.Timestamp, MemberName, "does not read as a timestamp token");
            return;
        }

        if (!Verifies(token, checkpoint, out var signer))
        {
            findings.Fail(CheckNames.Timestamp, MemberName, "is not of this checkpoint");
            return;
        }

        var at = token.TokenInfo.Timestamp.ToUniversalTime()
            .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var by = signer.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        if (options.TimestampRoots.Count == 0)
        {
            findings.Skip(CheckNames.Timestamp, MemberName, $"{at} by {by}, and no authority's certificate was given");
            findings.Leave("The timestamp is of this checkpoint; whether its authority can be trusted is not checked.");
            return;
        }

        findings.Check(
            CheckNames.Timestamp,
            MemberName,
            IsTrusted(token, signer, options.TimestampRoots),
            $"{at} by {by}, a trusted authority",
            $"{by} does not lead to a trusted authority");
        findings.Leave("Whether the time-stamping authority's certificate was revoked is not checked.");
    }

    private static bool Verifies(
        Rfc3161TimestampToken token, ReadOnlySpan<byte> checkpoint, out X509Certificate2 signer)
    {
        signer = null!;
        try
        {
            return token.VerifySignatureForData(checkpoint, out signer!) && signer is not null;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>At the time of the timestamp: a certificate that has ended since was good then.</summary>
    private static bool IsTrusted(
        Rfc3161TimestampToken token, X509Certificate2 signer, IReadOnlyList<X509Certificate2> roots)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        foreach (var root in roots)
        {
            chain.ChainPolicy.CustomTrustStore.Add(root);
        }

        chain.ChainPolicy.ExtraStore.AddRange(token.AsSignedCms().Certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = token.TokenInfo.Timestamp.LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(Stamping));
        return chain.Build(signer);
    }
}
