using System.Net;
using Talreg.Sip.Messages;
using Talreg.Sip.Sdp;
using Talreg.Sip.Siprec;

namespace Talreg.Sip;

/// <summary>What a client offered with INVITE, re-INVITE or UPDATE. Immutable; owns all of its memory.</summary>
public sealed record SessionOffer
{
    /// <summary>The SIP Call-ID, as sent.</summary>
    public required string CallId { get; init; }

    /// <summary>INVITE or UPDATE.</summary>
    public required string Method { get; init; }

    /// <summary>Where the message came from.</summary>
    public required IPEndPoint RemoteEndpoint { get; init; }

    /// <summary>The local address it came to.</summary>
    public required IPEndPoint LocalEndpoint { get; init; }

    /// <summary>What it came over.</summary>
    public required SipTransportKind Transport { get; init; }

    /// <summary>The Request-URI.</summary>
    public required SipUri RequestUri { get; init; }

    /// <summary>The From header.</summary>
    public required NameAddress From { get; init; }

    /// <summary>The To header.</summary>
    public required NameAddress To { get; init; }

    /// <summary>Recognised as a recording session by Require, Contact or a metadata part (RFC 7866 §6).</summary>
    public required bool IsSiprec { get; init; }

    /// <summary>The configured client that sent it (<see cref="Access.SipPeer.Name"/>); empty where none is.</summary>
    public string Peer { get; init; } = "";

    /// <summary>
    /// The session that this one replaces (RFC 3891), by the application's id; null for none. Once the new one is
    /// accepted
    /// the old one ends as <see cref="SessionEnd.Replaced"/>.
    /// </summary>
    public string? Replaces { get; init; }

    /// <summary>The session description. Never null for a new session.</summary>
    public SessionDescription? Sdp { get; init; }

    /// <summary>The recording metadata, when there was some that could be read.</summary>
    public RecordingMetadata? Metadata { get; init; }

    /// <summary>Why the metadata that came could not be read; the audio is to be recorded all the same.</summary>
    public string? MetadataFault { get; init; }

    /// <summary>The metadata part byte for byte, readable or not. The receiver owns the array.</summary>
    public byte[]? RawMetadata { get; init; }

    /// <summary>
    /// Headers that carry a vendor's or a caller's identity: P-*, X-*, Cisco-*, User-to-User, Session-ID, User-Agent,
    /// Diversion, History-Info and the like, in the order they came.
    /// </summary>
    public required IReadOnlyList<SipHeaderField> Headers { get; init; }
}

/// <summary>A header field as it came.</summary>
/// <param name="Name">Its name as spelled by the sender.</param>
/// <param name="Value">Its value, unfolded and trimmed.</param>
public readonly record struct SipHeaderField(string Name, string Value);

/// <summary>What SIP runs over.</summary>
public enum SipTransportKind
{
    /// <summary>Datagrams.</summary>
    Udp,

    /// <summary>A byte stream.</summary>
    Tcp,

    /// <summary>A byte stream under TLS 1.2 or 1.3.</summary>
    Tls,
}
