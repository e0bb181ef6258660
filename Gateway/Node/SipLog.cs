using System.Net;
using Microsoft.Extensions.Logging;
using Talreg.Sip;

namespace Talreg.Gateway;

/// <summary>Binds the SIP server's faults to the log.</summary>
internal sealed class SipLog(ILogger<SipLog> logger) : ISipLog
{
    /// <inheritdoc />
    public void ApplicationFailed(string operation, string callId, Exception exception) =>
        logger.SipApplicationFailed(operation, callId, exception);

    /// <inheritdoc />
    public void TransportFailed(SipTransportKind transport, IPEndPoint endpoint, Exception exception) =>
        logger.SipTransportFailed(transport.ToString(), endpoint, exception);

    /// <inheritdoc />
    public void MessageFailed(IPEndPoint source, Exception exception) => logger.SipMessageFailed(source, exception);
}
