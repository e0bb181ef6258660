using Prometheus;
using Talreg.Store.Reading;

namespace Talreg.Silo.Reading;

/// <summary>What a gateway gave to silos, read when it is scraped.</summary>
internal sealed class ReadingMetrics(TicketDesk desk, ReadingServer server, CollectorRegistry registry) : IHostedService
{
    private static readonly string[] OutcomeLabel = ["outcome"];

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var factory = Metrics.WithCustomRegistry(registry);
        var tickets = factory.CreateCounter(
            "talreg_reading_tickets_total", "Tickets of silos, by what became of them.", OutcomeLabel);
        var away = factory.CreateCounter(
            "talreg_reading_turned_away_total", "Readings put off because there were too many, or for load.");
        var bytes = factory.CreateCounter("talreg_reading_bytes_total", "Bytes of recordings given to silos.");
        registry.AddBeforeCollectCallback(() =>
        {
            foreach (var outcome in Enum.GetValues<TicketRefusal>())
            {
                tickets.WithLabels(ReadingServer.Word(outcome)).IncTo(desk.Count(outcome));
            }

            away.IncTo(server.TurnedAway);
            bytes.IncTo(server.BytesGiven);
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
