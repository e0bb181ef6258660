using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;
using Talreg.Silo.Options;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>
/// Mutual TLS 1.3 on every connection between silos, and between gateways and silos: both ends show a certificate that
/// leads to the cluster's own roots. Names in certificates are not compared, because silos are reached by address: who has a
/// certificate of these roots is of the cluster.
/// </summary>
internal sealed class ClusterTls
{
    /// <summary>How long a handshake may take.</summary>
    public static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(5);

    private readonly SslStreamCertificateContext _certificate;
    private readonly X509Certificate2Collection _roots;

    private ClusterTls(SslStreamCertificateContext certificate, X509Certificate2Collection roots)
    {
        _certificate = certificate;
        _roots = roots;
        Inbound = new Middleware(AcceptAsync);
        Outbound = new Middleware(OfferAsync);
    }

    /// <summary>For connections that others open.</summary>
    public IConnectionMiddleware Inbound { get; }

    /// <summary>For connections of ours.</summary>
    public IConnectionMiddleware Outbound { get; }

    /// <summary>Reads certificate, key and roots.</summary>
    /// <exception cref="StartRefusedException">A file cannot be used.</exception>
    public static ClusterTls Load(ClusterTlsSettings settings)
    {
        try
        {
            var leaf = X509Certificate2.CreateFromPemFile(settings.CertificatePath, settings.KeyPath);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(settings.CertificatePath);
            var roots = new X509Certificate2Collection();
            roots.ImportFromPemFile(settings.TrustPath);
            return roots.Count > 0
                ? new ClusterTls(SslStreamCertificateContext.Create(leaf, chain, offline: true), roots)
                : throw new StartRefusedException(
                    $"{SettingKey.ClusterTlsTrust.Name} holds '{settings.TrustPath}', which has no certificate.");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(
                $"{SettingKey.ClusterTlsCertificate.Name}, -key and -trust cannot be used: {e.Message}");
        }
    }

    /// <summary>What a server of the cluster asks of whoever connects; new each time.</summary>
    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificateContext = _certificate,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = Accepts,
    };

    /// <summary>What a client of the cluster asks of a server; new each time.</summary>
    public SslClientAuthenticationOptions ClientOptions() => new()
    {
        TargetHost = "talreg-cluster",
        ClientCertificateContext = _certificate,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = Accepts,
    };

    private Task AcceptAsync(SslStream stream, CancellationToken cancellationToken) =>
        stream.AuthenticateAsServerAsync(ServerOptions(), cancellationToken);

    private Task OfferAsync(SslStream stream, CancellationToken cancellationToken) =>
        stream.AuthenticateAsClientAsync(ClientOptions(), cancellationToken);

    // A missing certificate and a chain that leads elsewhere are both errors that stay.
    private static bool Accepts(
        object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(_roots);
        return policy;
    }

    private sealed class Middleware(Func<SslStream, CancellationToken, Task> handshake) : IConnectionMiddleware
    {
        public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
        {
            var clear = context.Transport;
            var stream = new SslStream(new DuplexPipeStream(clear), leaveInnerStreamOpen: false);
            await using var closing = stream.ConfigureAwait(false);
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(context.ConnectionClosed))
            {
                limit.CancelAfter(HandshakeWithin);
                await handshake(stream, limit.Token).ConfigureAwait(false);
            }

            context.Transport = new Pair(PipeReader.Create(stream), PipeWriter.Create(stream));
            try
            {
                await next(context).ConfigureAwait(false);
            }
            finally
            {
                await context.Transport.Input.CompleteAsync().ConfigureAwait(false);
                await context.Transport.Output.CompleteAsync().ConfigureAwait(false);
                context.Transport = clear;
            }
        }
    }

    private sealed record Pair(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
