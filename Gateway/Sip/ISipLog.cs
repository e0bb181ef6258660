using System.Net;

namespace Talreg.Sip;

/// <summary>
/// Where the server reports faults of its surroundings; the host binds it to its own log. Called from any thread; must
/// return at once and must not throw.
/// </summary>
public interface ISipLog
{
    /// <summary>The application threw. The request was answered 500, or the notice is lost.</summary>
    /// <param name="operation">The method of <see cref="ISipApplication"/>.</param>
    /// <param name="callId">The Call-ID, or the session's id for notices.</param>
    /// <param name="exception">What it threw.</param>
    void ApplicationFailed(string operation, string callId, Exception exception);

    /// <summary>A socket failed; the listener goes on, a connection is closed.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="endpoint">The remote endpoint, or the local one of a listener.</param>
    /// <param name="exception">What the system said.</param>
    void TransportFailed(SipTransportKind transport, IPEndPoint endpoint, Exception exception);

    /// <summary>A connection did not come about: its handshake failed, or a certificate was refused.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="remote">The other side.</param>
    /// <param name="reason">Why.</param>
    void ConnectionFailed(SipTransportKind transport, IPEndPoint remote, string reason)
    {
        // Counted by the server; a host that wants to log it bounds how often.
    }

    /// <summary>
    /// A message broke an invariant of the server itself. It is dropped, all else goes on; report it.
    /// </summary>
    /// <param name="source">Who sent the message.</param>
    /// <param name="exception">The broken invariant.</param>
    void MessageFailed(IPEndPoint source, Exception exception);

    /// <summary>A timer or other work of the loop broke an invariant. The loop goes on; report it.</summary>
    /// <param name="exception">The broken invariant.</param>
    void WorkFailed(Exception exception) => MessageFailed(new IPEndPoint(IPAddress.Any, 0), exception);
}

/// <summary>Throws everything away; for tests and tools.</summary>
public sealed class NullSipLog : ISipLog
{
    /// <summary>The only one.</summary>
    public static NullSipLog Instance { get; } = new();

    /// <inheritdoc/>
    public void ApplicationFailed(string operation, string callId, Exception exception)
    {
    }

    /// <inheritdoc/>
    public void TransportFailed(SipTransportKind transport, IPEndPoint endpoint, Exception exception)
    {
    }

    /// <inheritdoc/>
    public void MessageFailed(IPEndPoint source, Exception exception)
    {
    }
}
