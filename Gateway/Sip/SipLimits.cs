namespace Talreg.Sip;

/// <summary>Every maximum of the server. What is beyond is refused by name, counted, and costs no memory.</summary>
public sealed record SipLimits
{
    /// <summary>The longest message, start line to end of body, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024;

    /// <summary>The most header fields in a message.</summary>
    public int MaxHeaders { get; init; } = 256;

    /// <summary>
    /// The most transactions alive at once. A session set up and torn down over UDP leaves two for 32 s (RFC 3261
    /// timers L and
    /// J), so that 500 a second keep 32,000, of about 3 KiB each.
    /// </summary>
    public int MaxTransactions { get; init; } = 50_000;

    /// <summary>The most sessions alive at once, those still being answered included.</summary>
    public int MaxDialogs { get; init; } = 10_000;

    /// <summary>
    /// The most received messages waiting for the loop; a datagram beyond is dropped, a stream waits.
    /// </summary>
    public int MaxQueuedMessages { get; init; } = 8_192;

    /// <summary>The most TCP connections at once.</summary>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>The most TCP connections of one remote address.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 100;

    /// <summary>The most messages waiting to be sent on one TCP connection; beyond, the connection is closed.</summary>
    public int MaxQueuedSends { get; init; } = 256;

    /// <summary>The most full metadata snapshots asked of a client in one session.</summary>
    public int MaxSnapshotRequests { get; init; } = 3;

    /// <summary>The longest time for a TLS handshake, or for a connection of ours to open.</summary>
    public TimeSpan ConnectionSetup { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A TCP connection without one whole message for so long is closed; sessions on it live on.</summary>
    public TimeSpan ConnectionIdle { get; init; } = TimeSpan.FromHours(2);

    /// <summary>A message begun on a TCP connection must be whole within this time.</summary>
    public TimeSpan MessageCompletion { get; init; } = TimeSpan.FromSeconds(30);
}
