using Talreg.Sip.Transport;

namespace Talreg.Sip.Transactions;

/// <summary>A non-INVITE client transaction (RFC 3261 §17.1.2); ours is a BYE. Used on the loop only.</summary>
internal sealed class ClientTransaction(
    ITransactionHost host, string branch, SipFlow flow, byte[] request, Action<int> completed)
{
    /// <summary>Told instead of a status when none came (timer F) or the request could not be sent.</summary>
    public const int NoAnswer = 0;

    private SipTimer? _resend;
    private SipTimer? _timeout;
    private TimeSpan _resendAfter;
    private bool _proceeding;
    private bool _completed;

    public string Branch { get; } = branch;

    private bool IsReliable => flow.Transport.Kind != SipTransportKind.Udp;

    public void Start()
    {
        if (!host.Send(flow, request) && IsReliable)
        {
            // The connection is gone and its client listens nowhere we could reach (RFC 3261 §17.1.4).
            Complete(NoAnswer);
            return;
        }

        _timeout = host.Timers.Start(host.Options.T1 * 64, () => Complete(NoAnswer));
        if (!IsReliable)
        {
            _resendAfter = host.Options.T1;
            _resend = host.Timers.Start(_resendAfter, Resend);
        }
    }

    /// <summary>A response arrived; the first final one counts, later copies are absorbed for timer K.</summary>
    public void OnResponse(int status)
    {
        _proceeding = true;
        if (status >= 200)
        {
            Complete(status);
        }
    }

    private void Complete(int status)
    {
        if (_completed)
        {
            return;
        }

        _completed = true;
        _resend?.Cancel();
        _timeout?.Cancel();
        _ = host.Timers.Start(IsReliable ? TimeSpan.Zero : host.Options.T4, () => host.Remove(this));
        completed(status);
    }

    private void Resend()
    {
        host.Send(flow, request);
        var next = _proceeding ? host.Options.T2.Ticks : Math.Min(_resendAfter.Ticks * 2, host.Options.T2.Ticks);
        _resendAfter = TimeSpan.FromTicks(next);
        _resend = host.Timers.Start(_resendAfter, Resend);
    }
}
