using Talreg.Capture.Rtcp;
using Talreg.Capture.Streams;

namespace Talreg.Capture;

/// <summary>Receiver reports: what the recorder owes those who send to it.</summary>
public sealed partial class CaptureEngine
{
    private readonly RtcpReporter? _reporter;

    /// <summary>RTCP packets sent since the engine was made, and such that the system would not send.</summary>
    public (long Sent, long Failed) ReportTotals => _reporter?.Totals ?? default;

    /// <summary>Draws the time to the next report; tests that cannot wait so long replace it.</summary>
    internal Func<bool, long> ReportIntervalNs { get; init; } = RtcpInterval.Draw;

    private void JoinReports(CaptureTake take, IReadOnlyList<CaptureStream> streams)
    {
        foreach (var stream in streams)
        {
            _reporter?.Join(stream, take.ReportName);
        }
    }

    // While the ports are open: a BYE leaves from them too.
    private Task LeaveReportsAsync(CaptureTake take) =>
        _reporter is null ? Task.CompletedTask : Task.WhenAll(take.Streams.Select(_reporter.LeaveAsync));
}
