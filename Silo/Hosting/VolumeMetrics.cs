using Prometheus;
using Talreg.Store.Journal;

namespace Talreg.Silo.Hosting;

/// <summary>How each volume of the journal is doing, as Prometheus metrics.</summary>
internal sealed class VolumeMetrics(IMetricFactory factory)
{
    private static readonly string[] VolumeLabel = ["volume"];

    private readonly Gauge _free = factory.CreateGauge(
        "talreg_volume_free_bytes", "Free space of the volume's file system.", VolumeLabel);

    private readonly Gauge _total = factory.CreateGauge(
        "talreg_volume_total_bytes", "Size of the volume's file system.", VolumeLabel);

    private readonly Gauge _fenced = factory.CreateGauge(
        "talreg_volume_fenced", "1 once a write or a sync failed: the volume is used no more.", VolumeLabel);

    /// <summary>Sets what is known now.</summary>
    public void Set(JournalHealth journal)
    {
        foreach (var volume in journal.Volumes)
        {
            _free.WithLabels(volume.Directory).Set(volume.FreeBytes);
            _total.WithLabels(volume.Directory).Set(volume.TotalBytes);
            _fenced.WithLabels(volume.Directory).Set(volume.Fenced ? 1 : 0);
        }
    }
}
