using Prometheus;

namespace Talreg.Silo.Hosting;

/// <summary>What every process of ours shows of itself: .NET's own counters, and Orleans' meter.</summary>
internal sealed class ProcessMetrics(CollectorRegistry registry) : IHostedService, IDisposable
{
    private IDisposable? _orleans;

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        DotNetStats.Register(registry);
        _orleans = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            InstrumentFilterPredicate = instrument => instrument.Meter.Name == "Microsoft.Orleans",
            Registry = registry,

            // Without its own factory the adapter fills the default registry, and the scrape is silently empty.
            MetricFactory = Metrics.WithCustomRegistry(registry),
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose() => _orleans?.Dispose();
}
