using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Talreg.Sip.Access;

namespace Talreg.Sip.Transport;

/// <summary>
/// Certificate and roots of an interface. A new certificate is taken for the next handshake after its file changed; one
/// that cannot be used leaves the old in force and is reported. Any thread.
/// </summary>
internal sealed class TlsCredentials
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly SipTlsOptions _options;
    private readonly HashSet<string> _allowed;
    private readonly X509Certificate2Collection? _roots;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _gate = new();
    private SslStreamCertificateContext _current;
    private (DateTime Certificate, DateTime Key) _written;
    private long _looked;

    /// <summary>Reads certificate, key and roots.</summary>
    /// <exception cref="SipTlsException">A file cannot be used.</exception>
    public TlsCredentials(SipTlsOptions options, SipAccess access, TimeProvider timeProvider)
    {
        _options = options;
        _timeProvider = timeProvider;
        _allowed = access.Peers.SelectMany(peer => peer.CertificateNames).ToHashSet(StringComparer.OrdinalIgnoreCase);
        _roots = options.TrustPath is { } path ? LoadRoots(path) : null;
        _written = Written();
        _current = Load();
        _looked = timeProvider.GetTimestamp();
    }

    /// <summary>Whether clients must show certificates that lead to the roots.</summary>
    public bool VerifiesClients => _roots is not null;

    /// <summary>The options of one handshake with a client.</summary>
    /// <param name="failed">Told when a changed certificate cannot be used.</param>
    /// <param name="refused">Told why a client's certificate was refused.</param>
    public SslServerAuthenticationOptions ForClient(Action<SipTlsException> failed, Action<string> refused) => new()
    {
        ServerCertificateContext = Current(failed),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateRequired = _roots is not null,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            _roots is null || Accepts(certificate, chain, errors, refused),
    };

    /// <summary>The options of a connection of ours.</summary>
    public SslClientAuthenticationOptions ForServer(string name, Action<SipTlsException> failed) => new()
    {
        TargetHost = name,
        ClientCertificateContext = Current(failed),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Policy(),
    };

    private bool Accepts(
        X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, Action<string> refused)
    {
        // A client is known by the names in the list, not by the host it comes from.
        errors &= ~SslPolicyErrors.RemoteCertificateNameMismatch;
        if (errors != SslPolicyErrors.None || certificate is not X509Certificate2 known)
        {
            refused(CertificateNames.Describe(errors, chain));
            return false;
        }

        var isListed = _allowed.Count == 0 || CertificateNames.Of(known).Any(_allowed.Contains);
        if (!isListed)
        {
            refused("certificate of none of the names allowed");
        }

        return isListed;
    }

    private X509ChainPolicy? Policy()
    {
        if (_roots is null)
        {
            return null;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(_roots);
        return policy;
    }

    private SslStreamCertificateContext Current(Action<SipTlsException> failed)
    {
        lock (_gate)
        {
            if (_timeProvider.GetElapsedTime(_looked) >= LookEvery)
            {
                _looked = _timeProvider.GetTimestamp();
                Reload(failed);
            }

            return _current;
        }
    }

    private void Reload(Action<SipTlsException> failed)
    {
        var written = Written();
        if (written == _written)
        {
            return;
        }

        try
        {
            // The times are kept only of what was taken: a pair caught between its two files is tried again.
            _current = Load();
            _written = written;
        }
        catch (SipTlsException exception)
        {
            failed(exception);
        }
    }

    private (DateTime Certificate, DateTime Key) Written() =>
        (File.GetLastWriteTimeUtc(_options.CertificatePath), File.GetLastWriteTimeUtc(_options.KeyPath));

    private SslStreamCertificateContext Load()
    {
        try
        {
            var leaf = X509Certificate2.CreateFromPemFile(_options.CertificatePath, _options.KeyPath);
            if (leaf.NotAfter.ToUniversalTime() <= _timeProvider.GetUtcNow().UtcDateTime)
            {
                throw new SipTlsException(_options.CertificatePath, $"it expired at {leaf.NotAfter:u}");
            }

            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(_options.CertificatePath);
            return SslStreamCertificateContext.Create(leaf, chain, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException
            or UnauthorizedAccessException or ArgumentException)
        {
            throw new SipTlsException(
                _options.CertificatePath, $"with key {_options.KeyPath} it is no PEM pair: {exception.Message}",
                exception);
        }
    }

    private static X509Certificate2Collection LoadRoots(string path)
    {
        try
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPemFile(path);
            return roots.Count > 0 ? roots : throw new SipTlsException(path, "it holds no certificate");
        }
        catch (Exception exception) when (exception is CryptographicException or IOException
            or UnauthorizedAccessException)
        {
            throw new SipTlsException(path, exception.Message, exception);
        }
    }
}
