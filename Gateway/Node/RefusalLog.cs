using Microsoft.Extensions.Logging;
using Talreg.Sip;

namespace Talreg.Gateway;

/// <summary>
/// Logs refused SIP messages, at most ten a second, and how many more there were: a flood must not fill the disk through
/// the log. Every one is counted.
/// </summary>
/// <remarks>Any thread; never throws.</remarks>
internal sealed class RefusalLog(TimeProvider clock, ILogger<RefusalLog> logger)
{
    private const int PerSecond = 10;

    private readonly Lock _gate = new();
    private long _second;
    private long _inSecond;
    private long _total;

    /// <summary>Messages refused since the start.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Notes one.</summary>
    public void Note(SipRefusal refusal)
    {
        Interlocked.Increment(ref _total);
        var second = clock.GetTimestamp() / clock.TimestampFrequency;
        long unsaid = 0;
        bool say;
        lock (_gate)
        {
            if (second != _second)
            {
                unsaid = Math.Max(0, _inSecond - PerSecond);
                _second = second;
                _inSecond = 0;
            }

            say = ++_inSecond <= PerSecond;
        }

        if (unsaid > 0)
        {
            logger.SipRefusedMore(unsaid);
        }

        if (say)
        {
            logger.SipRefused(refusal.Source, refusal.Status, refusal.Reason.ToString(), refusal.Detail);
        }
    }
}
