using Talreg.Sip.Messages;
using Talreg.Sip.Transport;

namespace Talreg.Sip.Transactions;

/// <summary>
/// A re-INVITE of ours (RFC 3261 §17.1.1, RFC 6026 §7.2). It acknowledges what it gets, also when that comes again.
/// Used on
/// the loop only.
/// <code>
/// Calling -1xx-> Proceeding -final-> ACK -D or M-> gone       (A resends while Calling; B gives up)
/// </code>
/// </summary>
internal sealed class InviteClientTransaction(
    ITransactionHost host,
    string branch,
    SipFlow flow,
    byte[] request,
    Func<int, byte[]> writeAck,
    Action<ClientOutcome> completed) : IClientTransaction
{
    private SipTimer? _resend;
    private SipTimer? _timeout;
    private TimeSpan _resendAfter;
    private byte[]? _ack;

    public string Branch { get; } = branch;

    public void Start()
    {
        if (!host.Send(flow, request) && flow.IsReliable)
        {
            End(default);
            return;
        }

        _timeout = host.Timers.Start(host.Options.T1 * 64, () => End(default));
        if (!flow.IsReliable)
        {
            _resendAfter = host.Options.T1;
            _resend = host.Timers.Start(_resendAfter, Resend);
        }
    }

    public void OnResponse(SipMessage response)
    {
        _resend?.Cancel();
        if (response.Status < 200)
        {
            return;
        }

        if (_ack is not null)
        {
            host.Send(flow, _ack);
            return;
        }

        _ack = writeAck(response.Status);
        host.Send(flow, _ack);
        _timeout?.Cancel();
        _ = host.Timers.Start(host.Options.T1 * 64, () => host.Remove(this));
        completed(new ClientOutcome(response.Status, response));
    }

    private void End(ClientOutcome outcome)
    {
        _resend?.Cancel();
        _timeout?.Cancel();
        host.Remove(this);
        completed(outcome);
    }

    private void Resend()
    {
        host.Send(flow, request);
        _resendAfter *= 2;
        _resend = host.Timers.Start(_resendAfter, Resend);
    }
}
