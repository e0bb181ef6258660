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

    private readonly Gauge _reserve = factory.CreateGauge(
        "talreg_volume_reserve_bytes", "Space kept for live calls when the file system is full.", VolumeLabel);

    private readonly Gauge _level = factory.CreateGauge(
        "talreg_volume_space_level", "0 normal, 1 alarm, 2 new calls are refused.", VolumeLabel);

    private readonly Gauge _journalLevel = factory.CreateGauge(
        "talreg_space_level", "The same for the recorder: its emptiest volume, or the recordings' disk where fuller.");

    /// <summary>Sets what is known now.</summary>
    public void Set(JournalHealth journal)
    {
        _journalLevel.Set((int)journal.Level);
        foreach (var volume in journal.Volumes)
        {
            _free.WithLabels(volume.Directory).Set(volume.FreeBytes);
            _total.WithLabels(volume.Directory).Set(volume.TotalBytes);
            _reserve.WithLabels(volume.Directory).Set(volume.ReserveBytes);
            _level.WithLabels(volume.Directory).Set((int)volume.Level);
            _fenced.WithLabels(volume.Directory).Set(volume.Fenced ? 1 : 0);
        }
    }
}
