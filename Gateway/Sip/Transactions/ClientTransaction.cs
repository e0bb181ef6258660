using Talreg.Sip.Messages;
using Talreg.Sip.Transport;

namespace Talreg.Sip.Transactions;

/// <summary>A request of ours that waits for its final response. Used on the loop only.</summary>
internal interface IClientTransaction
{
    string Branch { get; }

    void Start();

    void OnResponse(SipMessage response);
}

/// <summary>
/// How a request of ours ended: the final status, or <see cref="NoAnswer"/>, and the response where one came.
/// </summary>
internal readonly record struct ClientOutcome(int Status, SipMessage? Response)
{
    /// <summary>Told instead of a status when none came in time or the request could not be sent.</summary>
    public const int NoAnswer = 0;

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The other side has no such dialog any more (RFC 3261 §12.2.1.2).</summary>
    public bool IsDialogGone => Status is 408 or 481 or NoAnswer;
}

/// <summary>A non-INVITE client transaction (RFC 3261 §17.1.2). Used on the loop only.</summary>
internal sealed class ClientTransaction(
    ITransactionHost host, string branch, SipFlow flow, byte[] request, Action<ClientOutcome> completed)
    : IClientTransaction
{
    private SipTimer? _resend;
    private SipTimer? _timeout;
    private TimeSpan _resendAfter;
    private bool _proceeding;
    private bool _completed;

    public string Branch { get; } = branch;

    public void Start()
    {
        if (!host.Send(flow, request) && flow.IsReliable)
        {
            // The connection is gone and its client listens nowhere we could reach (RFC 3261 §17.1.4).
            Complete(default);
            return;
        }

        _timeout = host.Timers.Start(host.Options.T1 * 64, () => Complete(default));
        if (!flow.IsReliable)
        {
            _resendAfter = host.Options.T1;
            _resend = host.Timers.Start(_resendAfter, Resend);
        }
    }

    /// <summary>A response arrived; the first final one counts, later copies are absorbed for timer K.</summary>
    public void OnResponse(SipMessage response)
    {
        _proceeding = true;
        if (response.Status >= 200)
        {
            Complete(new ClientOutcome(response.Status, response));
        }
    }

    private void Complete(ClientOutcome outcome)
    {
        if (_completed)
        {
            return;
        }

        _completed = true;
        _resend?.Cancel();
        _timeout?.Cancel();
        _ = host.Timers.Start(flow.IsReliable ? TimeSpan.Zero : host.Options.T4, () => host.Remove(this));
        completed(outcome);
    }

    private void Resend()
    {
        host.Send(flow, request);
        var next = _proceeding ? host.Options.T2.Ticks : Math.Min(_resendAfter.Ticks * 2, host.Options.T2.Ticks);
        _resendAfter = TimeSpan.FromTicks(next);
        _resend = host.Timers.Start(_resendAfter, Resend);
    }
}
