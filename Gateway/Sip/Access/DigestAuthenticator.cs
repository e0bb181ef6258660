using System.Security.Cryptography;
using System.Text;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Access;

/// <summary>
/// Challenges and checks digests (RFC 3261 §22, RFC 8760): SHA-256 before MD5, <c>qop=auth</c> always. Loop only.
/// </summary>
internal sealed class DigestAuthenticator(SipAccess access, TimeProvider timeProvider)
{
    private const string Sha256 = "SHA-256";
    private const string Md5 = "MD5";

    private readonly NonceBook _nonces = new(timeProvider, access.NonceLifetime);

    /// <summary>Whether a request is its client's own; else what to say in WWW-Authenticate.</summary>
    public bool IsAuthentic(SipRequest request, DigestCredential credential, out string challenges)
    {
        var stale = false;
        foreach (ref readonly var slot in request.Message.Headers)
        {
            if (slot.Name != HeaderName.Authorization
                || !DigestHeader.TryRead(request.Message.Value(slot), out var header)
                || !Matches(request, credential, header))
            {
                continue;
            }

            var use = _nonces.Use(header.Nonce, header.Count);
            stale = use == NonceUse.Stale;
            if (use == NonceUse.Good)
            {
                challenges = "";
                return true;
            }
        }

        challenges = Challenges(credential, stale);
        return false;
    }

    // response = H(H(user:realm:password):nonce:nc:cnonce:qop:H(method:uri))      (RFC 7616 §3.4.1)
    private bool Matches(SipRequest request, DigestCredential credential, DigestHeader header)
    {
        var isSha256 = header.Algorithm.Equals(Sha256, StringComparison.OrdinalIgnoreCase);
        var secret = isSha256 ? credential.Sha256
            : header.Algorithm.Equals(Md5, StringComparison.OrdinalIgnoreCase) ? credential.Md5 : null;
        if (secret is null || header.Realm != access.Realm || header.User != credential.User
            || header.Protection != "auth" || header.ClientNonce.Length == 0 || header.Count.Length != 8
            || header.Uri != SipText.Keep(request.Message.RequestUri))
        {
            return false;
        }

        var target = Hash(isSha256, $"{request.Method}:{header.Uri}");
        var expected = Hash(
            isSha256, $"{secret}:{header.Nonce}:{header.Count}:{header.ClientNonce}:{header.Protection}:{target}");
        return CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(header.Response.ToLowerInvariant()));
    }

    private string Challenges(DigestCredential credential, bool stale)
    {
        var nonce = _nonces.Issue();
        var first = Challenge(nonce, Sha256, stale);
        return credential.Md5 is null ? first : first + Challenge(nonce, Md5, stale);
    }

    private string Challenge(string nonce, string algorithm, bool stale) =>
        $"WWW-Authenticate: Digest realm=\"{access.Realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\""
        + (stale ? ", stale=true\r\n" : "\r\n");

    // MD5 only for clients that were given nothing better (RFC 8760 §2.6): its weakness is theirs to end.
    private static string Hash(bool isSha256, string text) => Convert.ToHexStringLower(CryptographicOperations.HashData(
        isSha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.MD5, Encoding.UTF8.GetBytes(text)));
}
