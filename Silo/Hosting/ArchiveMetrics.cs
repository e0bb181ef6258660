using Prometheus;
using Talreg.Gateway.Archive;

namespace Talreg.Silo.Hosting;

/// <summary>What became of sealed recordings on their way to the archive.</summary>
internal sealed class ArchiveMetrics(IMetricFactory factory)
{
    private readonly Counter _archived = factory.CreateCounter(
        "talreg_archive_recordings_total", "Recordings put into the archive and verified there.");

    private readonly Counter _failed = factory.CreateCounter(
        "talreg_archive_failed_total", "Recordings passed over: damaged here, or there with other bytes.");

    private readonly Counter _retries = factory.CreateCounter(
        "talreg_archive_retries_total", "How often the archive, or the ledger, did not answer and was tried again.");

    private readonly Gauge _leaf = factory.CreateGauge(
        "talreg_archive_next_leaf", "How far archiving is: the next leaf of the ledger.");

    /// <summary>Sets what is known now.</summary>
    public void Set(ArchiveCounters now)
    {
        _archived.IncTo(now.Archived);
        _failed.IncTo(now.Failed);
        _retries.IncTo(now.Retries);
        _leaf.Set(now.NextLeaf);
    }
}
