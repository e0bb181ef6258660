using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Talreg.TestKit;

/// <summary>A certificate authority for one test; nothing of it is trusted outside.</summary>
public sealed class FakeAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Makes one.</summary>
    public FakeAuthority()
    {
        var request = new CertificateRequest("CN=Test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        Root = request.CreateSelfSigned(now.AddDays(-2), now.AddDays(30));
    }

    /// <summary>Its root.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>A certificate with a key.</summary>
    /// <param name="names">DNS names; one with a colon is a URI.</param>
    /// <param name="days">How long it is valid from yesterday on; negative: it has expired.</param>
    public X509Certificate2 Issue(IEnumerable<string> names, int days = 20)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var list = names.ToList();
        var request = new CertificateRequest("CN=" + list[0].Replace(':', '-'), key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in list)
        {
            if (name.Contains(':'))
            {
                alternatives.AddUri(new Uri(name));
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        alternatives.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(alternatives.Build());
        var from = TimeProvider.System.GetUtcNow().AddDays(-1);
        var until = days < 0 ? from.AddHours(1) : from.AddDays(days);
        using var bare = request.Create(Root, from, until, RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>Writes certificate and key as PEM files and returns their paths.</summary>
    public (string Certificate, string Key) Write(string folder, X509Certificate2 certificate)
    {
        var (path, key) = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(path, certificate.ExportCertificatePem());
        using var secret = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(key, secret.ExportPkcs8PrivateKeyPem());
        return (path, key);
    }

    /// <summary>Writes the root as a PEM file and returns its path.</summary>
    public string WriteRoot(string folder)
    {
        var path = Path.Combine(folder, "root.pem");
        File.WriteAllText(path, Root.ExportCertificatePem());
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Root.Dispose();
        _key.Dispose();
    }
}
