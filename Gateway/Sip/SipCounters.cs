namespace Talreg.Sip;

/// <summary>A snapshot of what the server has done since it started and of what is alive now.</summary>
public sealed record SipCounters
{
    /// <summary>Messages received whole.</summary>
    public long MessagesReceived { get; init; }

    /// <summary>Messages sent, retransmissions included.</summary>
    public long MessagesSent { get; init; }

    /// <summary>Datagrams dropped because the loop's queue was full.</summary>
    public long DatagramsDropped { get; init; }

    /// <summary>Messages that could not be sent.</summary>
    public long SendFailures { get; init; }

    /// <summary>
    /// Messages not sent, and such not taken, because <see cref="SipServerOptions.MaySpeak"/> said no.
    /// </summary>
    public long Withheld { get; init; }

    /// <summary>Requests that a transaction knew already.</summary>
    public long RetransmissionsReceived { get; init; }

    /// <summary>Refusals reported to <see cref="ISipApplication.OnRefused"/>.</summary>
    public long Refusals { get; init; }

    /// <summary>Connections refused for <see cref="SipLimits.MaxConnections"/> or its share per address.</summary>
    public long ConnectionsRefused { get; init; }

    /// <summary>Connections that did not come about: TLS handshakes, and our own to clients.</summary>
    public long ConnectionsFailed { get; init; }

    /// <summary>Sessions accepted.</summary>
    public long SessionsAccepted { get; init; }

    /// <summary>Transactions alive.</summary>
    public int Transactions { get; init; }

    /// <summary>Sessions alive.</summary>
    public int Dialogs { get; init; }

    /// <summary>TCP connections open.</summary>
    public int Connections { get; init; }
}
