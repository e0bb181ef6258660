using System.Globalization;
using System.Net;
using Talreg.Sip;

namespace Talreg.Benchmarks.Sip;

/// <summary>The SIP server alone: an application that accepts at once, no grains, no journal.</summary>
internal static class PlainServer
{
    public static SipServer Create() => new(
        new SipServerOptions { UdpListeners = [new IPEndPoint(IPAddress.Loopback, 0)] },
        new AcceptingApplication(),
        TimeProvider.System,
        NullSipLog.Instance);

    private sealed class AcceptingApplication : ISipApplication
    {
        private int _last;

        public SipHealth Health => SipHealth.Accepting;

        public ValueTask<SessionAnswer> OnInviteAsync(SessionOffer offer, CancellationToken cancellationToken) =>
            ValueTask.FromResult(SessionAnswer.Accept(
                Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture),
                [new MediaAnswer(30_000), new MediaAnswer(30_002)]));

        public ValueTask<SessionAnswer> OnReinviteAsync(
            string dialogId, SessionOffer offer, CancellationToken cancellationToken) =>
            ValueTask.FromResult(SessionAnswer.Accept(dialogId, []));

        public void OnConfirmed(string dialogId)
        {
        }

        public void OnEnded(string dialogId, SessionEnd end)
        {
        }

        public void OnRefused(SipRefusal refusal)
        {
        }
    }
}
