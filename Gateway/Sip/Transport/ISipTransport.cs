using System.Net;

namespace Talreg.Sip.Transport;

/// <summary>Where a message came from, and so where its answer goes.</summary>
/// <param name="Transport">What carried it.</param>
/// <param name="Local">The local address it came to.</param>
/// <param name="Remote">Who sent it.</param>
/// <param name="Connection">The connection's number; 0 for datagrams.</param>
internal readonly record struct SipFlow(ISipTransport Transport, IPEndPoint Local, IPEndPoint Remote, long Connection)
{
    /// <summary>The names of the certificate that the client showed; null when it showed none.</summary>
    public IReadOnlyList<string>? CertificateNames { get; init; }

    /// <summary>
    /// Where to connect when the connection is gone (RFC 3261 §18.1.1, §18.2.2), and by what name a certificate must
    /// then be known; null: the message is lost with it.
    /// </summary>
    public SipTarget? Fallback { get; init; }

    public bool IsReliable => Transport.Kind != SipTransportKind.Udp;

    /// <summary>The transport's name in Via (RFC 3261 §20.42).</summary>
    public string ViaName => Transport.Kind switch
    {
        SipTransportKind.Udp => "UDP",
        SipTransportKind.Tcp => "TCP",
        _ => "TLS",
    };
}

/// <summary>A host to connect to.</summary>
/// <param name="Endpoint">Its address.</param>
/// <param name="Name">Its name as the message spells it.</param>
internal sealed record SipTarget(IPEndPoint Endpoint, string Name);

/// <summary>Datagrams or streams, in and out.</summary>
internal interface ISipTransport : IAsyncDisposable
{
    SipTransportKind Kind { get; }

    /// <summary>The address bound.</summary>
    IPEndPoint LocalEndpoint { get; }

    /// <summary>Starts to receive.</summary>
    void Start(ISipTransportSink sink);

    /// <summary>Sends one message or queues it; never waits. Any thread.</summary>
    /// <param name="flow">Where to.</param>
    /// <param name="message">The bytes; must not change afterwards.</param>
    /// <returns>False when it certainly was not sent.</returns>
    bool TrySend(in SipFlow flow, byte[] message);
}

/// <summary>What takes in whole messages.</summary>
internal interface ISipTransportSink
{
    /// <summary>A datagram. Never waits: it is dropped and counted when the queue is full.</summary>
    /// <param name="flow">Where from.</param>
    /// <param name="bytes">Read only during the call.</param>
    void OnDatagram(in SipFlow flow, ReadOnlySpan<byte> bytes);

    /// <summary>A whole message off a stream; waits for room in the queue.</summary>
    /// <param name="flow">Where from.</param>
    /// <param name="bytes">The caller's no more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask OnStreamMessageAsync(SipFlow flow, byte[] bytes, CancellationToken cancellationToken);

    /// <summary>A stream held something that cannot be framed and will be closed.</summary>
    void OnStreamBroken(in SipFlow flow, string detail);

    /// <summary>A connection was refused for a limit.</summary>
    void OnConnectionRefused(IPEndPoint remote, SipTransportKind kind);

    /// <summary>
    /// A connection did not come about: its handshake failed, its certificate was refused, nobody answered.
    /// </summary>
    void OnConnectionFailed(IPEndPoint remote, SipTransportKind kind, string reason);

    /// <summary>A socket failed.</summary>
    void OnTransportFailed(SipTransportKind kind, IPEndPoint endpoint, Exception exception);
}
