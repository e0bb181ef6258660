using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Talreg.TestKit;

/// <summary>How a fake client speaks TLS.</summary>
/// <param name="Root">The root it trusts.</param>
/// <param name="Certificate">What it shows; null for nothing.</param>
public sealed record FakeSrcTls(X509Certificate2 Root, X509Certificate2? Certificate = null)
{
    /// <summary>The versions it offers.</summary>
    public SslProtocols Versions { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>The name the server must have.</summary>
    public string ServerName { get; init; } = "localhost";

    /// <summary>Makes the handshake.</summary>
    public async Task<SslStream> SecureAsync(NetworkStream plain, CancellationToken cancellationToken)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(Root);
        var tls = new SslStream(plain);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = ServerName,
                EnabledSslProtocols = Versions,
                CertificateChainPolicy = policy,
                ClientCertificates = Certificate is null ? null : [Certificate],
            },
            cancellationToken);
        return tls;
    }
}
