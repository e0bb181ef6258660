using System.Net;
using System.Net.Sockets;

namespace Talreg.Sip.Sdp;

/// <summary>Who sends media, seen from the describing side (RFC 8866 §6.7).</summary>
public enum MediaDirection
{
    /// <summary>Both; what a description without a direction means.</summary>
    SendRecv,

    /// <summary>The describing side only sends.</summary>
    SendOnly,

    /// <summary>The describing side only receives.</summary>
    RecvOnly,

    /// <summary>Nobody sends.</summary>
    Inactive,
}

/// <summary>A session description (RFC 8866). Immutable; owns its memory.</summary>
public sealed record SessionDescription
{
    /// <summary>The o= line.</summary>
    public required SdpOrigin Origin { get; init; }

    /// <summary>The s= line.</summary>
    public string SessionName { get; init; } = "-";

    /// <summary>The session's c= line; null when every m-line has its own.</summary>
    public SdpConnection? Connection { get; init; }

    /// <summary>The session-level attributes in order.</summary>
    public required IReadOnlyList<SdpAttribute> Attributes { get; init; }

    /// <summary>The m-lines in order.</summary>
    public required IReadOnlyList<SdpMedia> Media { get; init; }
}

/// <summary>The o= line (RFC 8866 §5.2).</summary>
/// <param name="UserName">The user name.</param>
/// <param name="SessionId">The session id; text, because senders exceed 64 bits.</param>
/// <param name="SessionVersion">The version of the description.</param>
/// <param name="Address">The address as text.</param>
public sealed record SdpOrigin(string UserName, string SessionId, string SessionVersion, string Address);

/// <summary>A c= line (RFC 8866 §5.7).</summary>
/// <param name="AddressText">The address as it came, a multicast TTL included.</param>
/// <param name="Address">The address; null when it is a name.</param>
public sealed record SdpConnection(string AddressText, IPAddress? Address)
{
    /// <summary>
    /// 0.0.0.0 or ::, the old spelling of hold (RFC 3264 §8.4), or a name under .invalid, which stands for it in IPv6
    /// (RFC 6157 §4.2).
    /// </summary>
    public bool IsUnspecified => Address is { } address
        ? address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        : AddressText.EndsWith(".invalid", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// One host that may be sent to: no name, no group, no broadcast, not unspecified. What reports RTCP sends to none
    /// other, so that nobody is flooded by way of us.
    /// </summary>
    public bool IsUnicast => Address is { } address && !IsUnspecified && !address.IsIPv6Multicast
        && (address.AddressFamily != AddressFamily.InterNetwork || address.GetAddressBytes()[0] < 224);
}

/// <summary>One a= line.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value; null for a property attribute.</param>
public readonly record struct SdpAttribute(string Name, string? Value);

/// <summary>A payload format's description from rtpmap and fmtp (RFC 8866 §6.6, §6.15).</summary>
/// <param name="Format">The payload type as it stands in the m-line.</param>
/// <param name="Encoding">The encoding's name, from rtpmap or the static table of RFC 3551; null when unknown.</param>
/// <param name="ClockRate">The RTP clock in Hz; 0 when unknown.</param>
/// <param name="Channels">The channels.</param>
/// <param name="Fmtp">The format's parameters; null when there are none.</param>
/// <param name="IsMapped">Whether an rtpmap line was there.</param>
public sealed record SdpFormat(
    string Format, string? Encoding, int ClockRate, int Channels, string? Fmtp, bool IsMapped);

/// <summary>One m-line with its attributes (RFC 8866 §5.14).</summary>
public sealed record SdpMedia
{
    /// <summary>The media type: <c>audio</c>, <c>video</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>The port; 0 means the stream is refused or removed.</summary>
    public required int Port { get; init; }

    /// <summary>The number of ports; 1 unless written otherwise.</summary>
    public int PortCount { get; init; } = 1;

    /// <summary>The protocol: <c>RTP/AVP</c>, <c>RTP/SAVP</c>, …</summary>
    public required string Protocol { get; init; }

    /// <summary>The formats in the order of preference.</summary>
    public required IReadOnlyList<SdpFormat> Formats { get; init; }

    /// <summary>The m-line's c= line, or the session's; null when neither is there (only with port 0).</summary>
    public SdpConnection? Connection { get; init; }

    /// <summary>The direction as spelled here or at session level; sendrecv when nowhere.</summary>
    public MediaDirection Direction { get; init; }

    /// <summary>The label (RFC 4574), which metadata refers to; null when there is none.</summary>
    public string? Label { get; init; }

    /// <summary>The packet time (ptime), or null.</summary>
    public TimeSpan? PacketTime { get; init; }

    /// <summary>The RTCP port (RFC 3605), or null for the next after <see cref="Port"/>.</summary>
    public int? RtcpPort { get; init; }

    /// <summary>Where RTCP is heard, where <c>a=rtcp</c> names an address of its own (RFC 3605 §2.1); else null.</summary>
    public SdpConnection? RtcpConnection { get; init; }

    /// <summary>Whether RTP and RTCP may share a port (RFC 5761).</summary>
    public bool RtcpMux { get; init; }

    /// <summary>The usable SDES lines in order (RFC 4568).</summary>
    public IReadOnlyList<CryptoOffer> Crypto { get; init; } = [];

    /// <summary>Why the other SDES lines cannot be used.</summary>
    public IReadOnlyList<CryptoRefusal> CryptoRefusals { get; init; } = [];

    /// <summary>Whether the packets are to be SRTP: <c>RTP/SAVP</c> or <c>RTP/SAVPF</c>.</summary>
    public bool IsSecure => Protocol.Contains("SAVP", StringComparison.OrdinalIgnoreCase);

    /// <summary>The attributes in order, those read above included.</summary>
    public required IReadOnlyList<SdpAttribute> Attributes { get; init; }

    /// <summary>Nobody is to send: spelled inactive, or by a connection address of 0.0.0.0 or ::.</summary>
    public bool IsHeld => Direction == MediaDirection.Inactive || Connection is { IsUnspecified: true };
}
