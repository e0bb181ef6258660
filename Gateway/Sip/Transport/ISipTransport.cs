using System.Net;

namespace Talreg.Sip.Transport;

/// <summary>Where a message came from, and so where its answer goes.</summary>
/// <param name="Transport">What carried it.</param>
/// <param name="Local">The local address it came to.</param>
/// <param name="Remote">Who sent it.</param>
/// <param name="Connection">The connection's number; 0 for datagrams.</param>
internal readonly record struct SipFlow(ISipTransport Transport, IPEndPoint Local, IPEndPoint Remote, long Connection);

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

    /// <summary>A socket failed.</summary>
    void OnTransportFailed(SipTransportKind kind, IPEndPoint endpoint, Exception exception);
}
