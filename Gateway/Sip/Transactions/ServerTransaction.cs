using Talreg.Sip.Messages;
using Talreg.Sip.Transport;

namespace Talreg.Sip.Transactions;

/// <summary>
/// A server transaction, INVITE or not (RFC 3261 §17.2, RFC 6026 §7.1). Used on the loop only.
/// <code>
/// INVITE:      Proceeding -1xx-> Proceeding -2xx-> Accepted -L-> gone
///                                           -3-6xx-> Completed -ACK-> Confirmed -I-> gone   (G resends, H gives up)
/// non-INVITE:  Proceeding -final-> Completed -J-> gone
/// </code>
/// </summary>
internal sealed class ServerTransaction(
    ITransactionHost host, SipRequest request, SipFlow flow, string key, string mergeKey)
{
    private byte[]? _lastResponse;
    private SipTimer? _resend;
    private TimeSpan _resendAfter;

    public string Key { get; } = key;

    /// <summary>Equal for copies of one request that came over different paths (RFC 3261 §8.2.2.2).</summary>
    public string MergeKey { get; } = mergeKey;

    /// <summary>The request; its message has let its bytes go once a final response was sent.</summary>
    public SipRequest Request { get; } = request;

    /// <summary>Where responses go.</summary>
    public SipFlow Flow { get; } = flow;

    /// <summary>A final response has been sent.</summary>
    public bool IsFinal => FinalStatus != 0;

    /// <summary>The status of the final response; 0 before it.</summary>
    public int FinalStatus { get; private set; }

    /// <summary>An INVITE that would make a session, not one within a session.</summary>
    public bool IsInvitation => IsInvite && Request.ToTag is null;

    public bool IsAcknowledged { get; private set; }

    /// <summary>The response sent last; empty before the first.</summary>
    public byte[] LastResponse => _lastResponse ?? [];

    /// <summary>The tag of our responses; one per transaction, so that retries agree.</summary>
    public required string ToTag { get; set; }

    /// <summary>Stops the application's work on the request; null when there is none.</summary>
    public CancellationTokenSource? Work { get; set; }

    private bool IsInvite => Request.Method == SipMethods.Invite;

    private bool IsReliable => Flow.IsReliable;

    /// <summary>
    /// The transaction's key; ACK and CANCEL find their INVITE by passing its method (RFC 3261 §17.2.3). Before the message
    /// lets its bytes go.
    /// </summary>
    public static string KeyOf(SipRequest request, string method) =>
        request.Via.HasUniqueBranch
            ? $"{request.Via.Branch}|{request.Via.SentBy}|{method}"
            : $"{request.CallId}|{request.FromTag}|{request.CSeq}|{ViaHeader.TextOf(request.Message)}|{method}";

    public static string MergeKeyOf(SipRequest request) =>
        $"{request.CallId}|{request.FromTag}|{request.CSeq}|{request.Method}";

    /// <summary>Sends a response and keeps it for retransmissions. A second final is ignored.</summary>
    public void Respond(int status, byte[] response)
    {
        if (IsFinal)
        {
            return;
        }

        _lastResponse = response;
        host.Send(Flow, response);
        if (status < 200)
        {
            return;
        }

        FinalStatus = status;

        // It stays for 32 s more to answer copies, which takes the response only: at 500 sessions a second that counts.
        Request.Message.ReleaseBuffer();
        var lifetime = host.Options.T1 * 64;
        if (IsInvite && status >= 300)
        {
            if (!IsReliable)
            {
                _resendAfter = host.Options.T1;
                _resend = host.Timers.Start(_resendAfter, Resend);
            }

            _ = host.Timers.Start(lifetime, End);
        }
        else
        {
            // The dialog resends a 2xx to INVITE; here it is only kept from being answered twice (timer L).
            _ = host.Timers.Start(!IsInvite && IsReliable ? TimeSpan.Zero : lifetime, End);
        }
    }

    /// <summary>The request came again.</summary>
    public void OnRetransmission()
    {
        if (_lastResponse is { } response && !IsAcknowledged)
        {
            host.Send(Flow, response);
        }
    }

    /// <summary>The ACK of a failure arrived: quiet, and gone after timer I.</summary>
    public void OnAck()
    {
        if (!IsFinal || IsAcknowledged)
        {
            return;
        }

        IsAcknowledged = true;
        _resend?.Cancel();
        _ = host.Timers.Start(IsReliable ? TimeSpan.Zero : host.Options.T4, End);
    }

    private void Resend()
    {
        host.Send(Flow, _lastResponse!);
        _resendAfter = TimeSpan.FromTicks(Math.Min(_resendAfter.Ticks * 2, host.Options.T2.Ticks));
        _resend = host.Timers.Start(_resendAfter, Resend);
    }

    private void End()
    {
        _resend?.Cancel();
        host.Remove(this);
    }
}
