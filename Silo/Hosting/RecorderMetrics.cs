using Prometheus;
using Talreg.Gateway;
using Talreg.Hardware.Udp;
using Talreg.Silo.Options;

namespace Talreg.Silo.Hosting;

/// <summary>The gateway's counters as Prometheus metrics, read when they are scraped.</summary>
internal sealed class RecorderMetrics(
    GatewayNode gateway, UdpDevice device, RecorderSettings settings, CollectorRegistry registry)
{
    private static readonly string[] OutcomeLabel = ["outcome"];
    private static readonly string[] MethodLabels = ["method", "why"];

    /// <summary>Registers the collection. Once.</summary>
    public void Start()
    {
        var factory = Metrics.WithCustomRegistry(registry);
        factory.CreateGauge(
                "talreg_receive_shards",
                "Threads that read media, by the method and why it and not the other.",
                MethodLabels)
            .WithLabels(MediaDevice.Method(device), MediaDevice.Why(device, settings)).Set(device.ShardCount);
        var sessions = factory.CreateGauge("talreg_sessions", "Recording sessions alive.");
        var unsealed = factory.CreateGauge("talreg_takes_unsealed", "Takes that ended and wait to be sealed.");
        var @sealed = factory.CreateCounter("talreg_takes_sealed_total", "Takes sealed since the start.");
        var damaged = factory.CreateCounter(
            "talreg_takes_damaged_total", "Takes whose journal gives other bytes than were written.");
        var unread = factory.CreateGauge(
            "talreg_recovery_unread_bytes", "Length of journal segments of earlier starts that are not read yet.");
        var recovered = factory.CreateGauge(
            "talreg_recovery_takes_unsealed", "Takes of earlier starts that were found and are not sealed yet.");
        var unrecoverable = factory.CreateGauge(
            "talreg_recovery_takes_failed", "Takes of earlier starts that cannot be read; the journal keeps them.");
        var refused = factory.CreateCounter("talreg_sip_refused_total", "SIP messages refused since the start.");
        var packets = factory.CreateCounter(
            "talreg_datagrams_total", "Datagrams by what became of them; their sum is what was offered.", OutcomeLabel);
        var reports = factory.CreateCounter(
            "talreg_rtcp_reports_total", "Receiver reports, by whether the system sent them.", OutcomeLabel);
        var calls = new CallMetrics(factory, gateway);
        var load = new LoadMetrics(factory);
        var committed = factory.CreateCounter("talreg_journal_committed_bytes_total", "Bytes confirmed by a sync.");
        var backlog = factory.CreateGauge("talreg_journal_backlog_bytes", "Bytes accepted and not yet confirmed.");
        var volumes = new VolumeMetrics(factory);
        var ownership = new OwnershipMetrics(factory, settings.Interface);
        var archive = gateway.Archive is null ? null : new ArchiveMetrics(factory);
        var scrub = gateway.Scrub is null ? null : new ScrubMetrics(factory);
        registry.AddBeforeCollectCallback(() =>
        {
            var now = gateway.Counters;
            sessions.Set(now.Sessions);
            unsealed.Set(now.Unsealed);
            @sealed.IncTo(now.Sealed);
            damaged.IncTo(now.Damaged);
            unread.Set(now.Journal.UnrecoveredBytes);
            recovered.Set(now.RecoveredUnsealed);
            unrecoverable.Set(now.RecoveryFailed);
            refused.IncTo(now.Refused);
            packets.WithLabels("stored").IncTo(now.Capture.Stored);
            packets.WithLabels("suppressed").IncTo(now.Capture.Suppressed);
            packets.WithLabels("invalid").IncTo(now.Capture.Invalid);
            packets.WithLabels("unrouted").IncTo(now.Capture.Unrouted);
            packets.WithLabels("own_drop").IncTo(now.Capture.OwnDrops);
            packets.WithLabels("kernel_drop").IncTo(now.Capture.KernelDrops);
            reports.WithLabels("sent").IncTo(now.Reports.Sent);
            reports.WithLabels("failed").IncTo(now.Reports.Failed);
            calls.Update(now);
            load.Update(now);
            ownership.Update(now);
            committed.IncTo(now.Journal.CommittedBytes);
            backlog.Set(now.Journal.BacklogBytes);
            volumes.Set(now.Journal);
            scrub?.Set(gateway.Scrub!);
            archive?.Set(gateway.Archive!);
        });
    }
}
