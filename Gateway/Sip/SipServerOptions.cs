using System.Net;
using Talreg.Sip.Access;
using Talreg.Sip.Transport;

namespace Talreg.Sip;

/// <summary>How a <see cref="SipServer"/> runs. Immutable.</summary>
public sealed record SipServerOptions
{
    /// <summary>Where to receive datagrams. Port 0 takes any free one.</summary>
    public IReadOnlyList<IPEndPoint> UdpListeners { get; init; } = [];

    /// <summary>Where to accept connections. Port 0 takes any free one.</summary>
    public IReadOnlyList<IPEndPoint> TcpListeners { get; init; } = [];

    /// <summary>Where to accept connections under TLS, and with what certificate; null for nowhere.</summary>
    public SipTlsOptions? Tls { get; init; }

    /// <summary>Who may record.</summary>
    public SipAccess Access { get; init; } = new();

    /// <summary>
    /// The address told to clients in Contact and SDP. Null: the local address that the request came to.
    /// </summary>
    public IPAddress? AdvertisedAddress { get; init; }

    /// <summary>False refuses <c>Require: siprec</c> with 420.</summary>
    public bool SiprecEnabled { get; init; } = true;

    /// <summary>The round-trip estimate (RFC 3261 §17.1.1.1).</summary>
    public TimeSpan T1 { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest interval between retransmissions (RFC 3261 §17.1.2.2).</summary>
    public TimeSpan T2 { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a message may stay in the network (RFC 3261 §17.1.2.2).</summary>
    public TimeSpan T4 { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The shortest session interval accepted (RFC 4028 §5; 90 s is the least allowed).</summary>
    public TimeSpan MinSessionExpires { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long <see cref="SipServer.HangUpAsync"/> and the stop wait for the answer to a BYE.</summary>
    public TimeSpan HangUpWait { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The Server header; null leaves it out.</summary>
    public string? ServerHeader { get; init; } = "Talreg";

    /// <summary>
    /// Asked before each message goes out and when one comes in; while it says no, nothing is sent and what comes is
    /// dropped and counted, so that a copy of it is answered later. It must return at once. Null: always.
    /// </summary>
    public Func<bool>? MaySpeak { get; init; }

    /// <summary>The maxima.</summary>
    public SipLimits Limits { get; init; } = new();
}

/// <summary>A listener could not be opened.</summary>
public sealed class SipListenerException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="endpoint">The address asked for.</param>
    /// <param name="transport">The transport asked for.</param>
    /// <param name="cause">What the system said.</param>
    public SipListenerException(IPEndPoint endpoint, SipTransportKind transport, Exception cause)
        : base(Describe(endpoint, transport, cause), cause)
    {
        Endpoint = endpoint;
        Transport = transport;
    }

    /// <summary>The address asked for.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>The transport asked for.</summary>
    public SipTransportKind Transport { get; }

    private static string Describe(IPEndPoint endpoint, SipTransportKind transport, Exception cause)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(cause);
        return $"Cannot listen for SIP on {endpoint}/{transport}: {cause.Message}. "
            + "Stop the program that holds the port (`ss -lnup` and `ss -lntp` name it), "
            + "or configure another address or port for this listener.";
    }
}
