using Prometheus;
using Talreg.Capture.Host;
using Talreg.Gateway;

namespace Talreg.Silo.Hosting;

/// <summary>How near the recorder is to its limits, what it did about it, and what the machine lost before it.</summary>
internal sealed class LoadMetrics(IMetricFactory factory)
{
    private static readonly string[] MeasureLabel = ["measure"];
    private static readonly string[] WhereLabel = ["where"];

    private readonly Counter _received = factory.CreateCounter(
        "talreg_datagrams_received_total", "Datagrams read from sockets.");

    private readonly Gauge _prebuffered = factory.CreateGauge(
        "talreg_prebuffered_datagrams", "Datagrams in pre-buffers: each becomes stored or suppressed.");

    private readonly Counter _prebufferShort = factory.CreateCounter(
        "talreg_prebuffer_short_streams_total", "Streams whose pre-buffer held less than their policy asked for.");

    private readonly Gauge _core = factory.CreateGauge(
        "talreg_shard_core_ratio", "The busiest receive thread's share of a core, 0 to 1.");

    private readonly Gauge _ring = factory.CreateGauge(
        "talreg_journal_ring_ratio", "How full the fullest way into the journal is, 0 to 1.");

    private readonly Gauge _overload = factory.CreateGauge(
        "talreg_overload", "1 while the measure is in force.", MeasureLabel);

    private readonly Counter _refusedCalls = factory.CreateCounter(
        "talreg_calls_refused_total", "INVITEs answered 503; each is a gap in the ledger.");

    private readonly Gauge _taps = factory.CreateGauge("talreg_taps", "Live taps open.");

    private readonly Counter _tapDrops = factory.CreateCounter(
        "talreg_tap_dropped_packets_total", "Packets that slow listeners did not get; recorded all the same.");

    private readonly Counter _host = factory.CreateCounter(
        "talreg_host_dropped_packets_total", "What the whole machine lost before our sockets, since boot.", WhereLabel);

    /// <summary>Takes over what the gateway and the kernel say now.</summary>
    public void Update(GatewayCounters now)
    {
        _received.IncTo(now.Capture.Received);
        _prebuffered.Set(now.Capture.Prebuffered);
        _prebufferShort.IncTo(now.Capture.PreBufferShort);
        _core.Set(now.CoreUse);
        _ring.Set(now.RingUse);
        _overload.WithLabels("shed").Set(now.Shedding ? 1 : 0);
        _overload.WithLabels("refuse").Set(now.Refusing ? 1 : 0);
        _refusedCalls.IncTo(now.RefusedCalls);
        _taps.Set(now.Taps);
        _tapDrops.IncTo(now.TapDrops);
        var lost = HostDrops.Read();
        _host.WithLabels("udp_in_errors").IncTo(lost.UdpInErrors);
        _host.WithLabels("udp_receive_buffer").IncTo(lost.UdpReceiveBufferErrors);
        _host.WithLabels("softnet").IncTo(lost.SoftnetDrops);
        _host.WithLabels("nic").IncTo(lost.NicDrops);
    }
}
