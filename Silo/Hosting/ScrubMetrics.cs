using Prometheus;
using Talreg.Gateway.Scrub;

namespace Talreg.Silo.Hosting;

/// <summary>What the scrub of sealed recordings found.</summary>
internal sealed class ScrubMetrics(IMetricFactory factory)
{
    private static readonly string[] ResultLabel = ["result"];

    private readonly Counter _bytes = factory.CreateCounter(
        "talreg_scrub_bytes_total", "Bytes of sealed recordings that were read again.");

    private readonly Counter _recordings = factory.CreateCounter(
        "talreg_scrub_recordings_total",
        "Sealed recordings that were checked again, by what they were found to be.",
        ResultLabel);

    private readonly Gauge _damaged = factory.CreateGauge(
        "talreg_recordings_damaged", "Sealed recordings that are marked as damaged or missing now.");

    private readonly Gauge _leaf = factory.CreateGauge(
        "talreg_scrub_next_leaf", "How far the pass is: the next leaf of the ledger.");

    private readonly Gauge _passed = factory.CreateGauge(
        "talreg_scrub_last_pass_timestamp_seconds", "When the last whole pass ended, in Unix seconds; 0 for never.");

    /// <summary>Sets what is known now.</summary>
    public void Set(ScrubCounters now)
    {
        _bytes.IncTo(now.Bytes);
        _recordings.WithLabels("whole").IncTo(now.Whole);
        _recordings.WithLabels("damaged").IncTo(now.Found);
        _recordings.WithLabels("erased").IncTo(now.Erased);
        _damaged.Set(now.Damaged);
        _leaf.Set(now.NextLeaf);
        _passed.Set(now.CompletedAt?.ToUnixTimeSeconds() ?? 0);
    }
}
