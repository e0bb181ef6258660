using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Talreg.Contracts;

namespace Talreg.Silo.Hosting;

/// <summary>
/// Asks a time-stamping authority over HTTP (RFC 3161 §3.4). A token is given back only when it is of the data that was sent, answers
/// this request, and leads to a configured root: what could not be verified in ten years is not worth keeping.
/// </summary>
internal sealed class TimestampAuthority : IDisposable
{
    private const int NonceBytes = 16;
    private const int MaxAnswerBytes = 256 * 1024;
    private const string Stamping = "1.3.6.1.5.5.7.3.8";

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = AnswerWithin,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    private readonly Uri _url;
    private readonly X509Certificate2Collection _roots = [];

    /// <summary>An authority.</summary>
    /// <param name="url">Where it answers.</param>
    /// <param name="rootsPath">PEM file of the roots its certificate leads to.</param>
    /// <exception cref="CryptographicException">The file holds no certificate.</exception>
    public TimestampAuthority(Uri url, string rootsPath)
    {
        _url = url;
        _roots.ImportFromPemFile(rootsPath);
        if (_roots.Count == 0)
        {
            throw new CryptographicException($"{rootsPath} holds no certificate.");
        }
    }

    /// <summary>Has data stamped.</summary>
    /// <param name="data">What is stamped; only its SHA-256 leaves.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The token with the authority's certificates, DER.</returns>
    /// <exception cref="RefusalException">There is none that can be used; the message says why.</exception>
    public async Task<byte[]> StampAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var request = Rfc3161TimestampRequest.CreateFromData(
            data.Span,
            HashAlgorithmName.SHA256,
            requestedPolicyId: null,
            RandomNumberGenerator.GetBytes(NonceBytes),
            requestSignerCertificates: true);
        try
        {
            using var content = new ByteArrayContent(request.Encode());
            content.Headers.ContentType = new MediaTypeHeaderValue("application/timestamp-query");
            using var response = await _http.PostAsync(_url, content, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw Refuse(string.Create(CultureInfo.InvariantCulture, $"it answered {(int)response.StatusCode}"));
            }

            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            var token = request.ProcessResponse(answer, out _);
            if (!token.VerifySignatureForData(data.Span, out var signer) || signer is null)
            {
                throw Refuse("its signature does not hold");
            }

            RequireTrust(token, signer);
            return token.AsSignedCms().Encode();
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or CryptographicException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Refuse(error.Message);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _http.Dispose();
        foreach (var root in _roots)
        {
            root.Dispose();
        }
    }

    private static RefusalException Refuse(string why) =>
        new(RefusalKind.Unavailable, $"The time-stamping authority gave no timestamp: {why}.");

    private void RequireTrust(Rfc3161TimestampToken token, X509Certificate2 signer)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_roots);
        chain.ChainPolicy.ExtraStore.AddRange(token.AsSignedCms().Certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = token.TokenInfo.Timestamp.LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(Stamping));
        if (!chain.Build(signer))
        {
            throw Refuse($"its certificate does not lead to a trusted root ({chain.ChainStatus[0].StatusInformation})");
        }
    }
}
