using System.Net;

namespace Talreg.Sip.Transport;

/// <summary>
/// TLS of one interface (RFC 3261 §26.2, RFC 5922). Versions 1.2 and 1.3 only; nothing falls back to clear.
/// </summary>
public sealed record SipTlsOptions
{
    /// <summary>Where to accept connections. Port 0 takes any free one.</summary>
    public required IReadOnlyList<IPEndPoint> Listeners { get; init; }

    /// <summary>Our certificate and those between it and its root, PEM. Read again when the file changes.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>Its private key, PEM, not encrypted.</summary>
    public required string KeyPath { get; init; }

    /// <summary>
    /// Roots that clients' certificates must lead to, PEM. Not null: a client without such a certificate gets no
    /// connection, and where peers list names, neither does one without any of them. Connections of ours are held to
    /// the
    /// same roots; null: to those of the system.
    /// </summary>
    public string? TrustPath { get; init; }
}

/// <summary>Certificate, key or roots cannot be used: the server does not start.</summary>
/// <param name="path">The file.</param>
/// <param name="problem">What is wrong with it.</param>
/// <param name="cause">What reading it threw, or null.</param>
public sealed class SipTlsException(string path, string problem, Exception? cause = null)
    : Exception($"SIP over TLS cannot use {path}: {problem}", cause)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;
}
