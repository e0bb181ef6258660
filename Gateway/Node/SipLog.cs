using System.Net;
using Microsoft.Extensions.Logging;
using Talreg.Sip;

namespace Talreg.Gateway;

/// <summary>Binds the SIP server's faults to the log.</summary>
internal sealed class SipLog(ILogger<SipLog> logger, RefusalLog refusals) : ISipLog
{
    /// <inheritdoc />
    public void ApplicationFailed(string operation, string callId, Exception exception) =>
        logger.SipApplicationFailed(operation, callId, exception);

    /// <inheritdoc />
    public void TransportFailed(SipTransportKind transport, IPEndPoint endpoint, Exception exception) =>
        logger.SipTransportFailed(transport.ToString(), endpoint, exception);

    /// <inheritdoc />
    public void ConnectionFailed(SipTransportKind transport, IPEndPoint remote, string reason) =>
        refusals.Note(new SipRefusal(remote, transport, SipRefusalReason.ConnectionFailed, 0, reason));

    /// <inheritdoc />
    public void MessageFailed(IPEndPoint source, Exception exception) => logger.SipMessageFailed(source, exception);
}
