using System.Net;

namespace Talreg.Sip.Access;

/// <summary>Who may record here. Immutable.</summary>
public sealed record SipAccess
{
    /// <summary>
    /// The session recording clients that are let in; the first that a message fits is its sender. Empty lets everyone
    /// in:
    /// then a session belongs to the address that began it.
    /// </summary>
    public IReadOnlyList<SipPeer> Peers { get; init; } = [];

    /// <summary>The realm of digest challenges (RFC 3261 §22.1).</summary>
    public string Realm { get; init; } = "talreg";

    /// <summary>How long a nonce may be used; afterwards the client is challenged anew, as stale.</summary>
    public TimeSpan NonceLifetime { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>A session recording client, known by what it must show: all that is set must fit.</summary>
public sealed record SipPeer
{
    /// <summary>Its name, for the log, the call and the rule that only it may change its sessions.</summary>
    public required string Name { get; init; }

    /// <summary>The addresses it comes from; empty: any.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; init; } = [];

    /// <summary>
    /// Names one of which its certificate must carry (subjectAltName, else common name; any case). Not empty: it must
    /// come
    /// over TLS with a certificate, never in clear.
    /// </summary>
    public IReadOnlyList<string> CertificateNames { get; init; } = [];

    /// <summary>Not null: its INVITEs must be authenticated by digest.</summary>
    public DigestCredential? Digest { get; init; }
}

/// <summary>What a client's digest is checked against (RFC 8760): no password, only its hashes.</summary>
/// <param name="User">The user name.</param>
/// <param name="Sha256">SHA-256 of <c>user:realm:password</c>, 64 hexadecimal digits.</param>
/// <param name="Md5">
/// MD5 of the same, 32 digits, for clients that know nothing better; null refuses MD5.
/// </param>
public sealed record DigestCredential(string User, string Sha256, string? Md5 = null);
