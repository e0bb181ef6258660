using System.Text.Json;
using Prometheus;
using Talreg.Contracts.Calls;
using Talreg.Gateway;

namespace Talreg.Silo.Hosting;

/// <summary>Is every call that should be recorded being recorded: what was decided, how fast, and what SIP saw of it.</summary>
internal sealed class CallMetrics
{
    private const string ByCluster = "cluster";
    private const string Alone = "alone";

    private static readonly string[] AdmissionLabels = ["verdict", "decided"];
    private static readonly string[] DirectionLabel = ["direction"];

    // The deadline of an admission is 500 ms (GatewayOptions.AdmissionDeadline): a bound lies on it, and one above.
    private static readonly double[] AdmissionSeconds = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];

    private readonly Counter _notCaptured;
    private readonly Counter _messages;
    private readonly Counter _retransmissions;
    private readonly Counter _dropped;
    private readonly Counter _sendFailures;
    private readonly Counter _accepted;
    private readonly Gauge _dialogs;
    private readonly Gauge _transactions;
    private readonly Gauge _connections;

    /// <summary>Registers them, and hears of the gateway's admissions from now on.</summary>
    public CallMetrics(IMetricFactory factory, GatewayNode gateway)
    {
        var admissions = factory.CreateHistogram(
            "talreg_admission_seconds",
            "From the question to the verdict of a new call, by verdict and who decided: cluster, or the gateway alone.",
            AdmissionLabels,
            new HistogramConfiguration { Buckets = AdmissionSeconds });
        foreach (var kind in Enum.GetValues<VerdictKind>())
        {
            // There from the start: a rate over a series that appears with its first event misses that event.
            admissions.WithLabels(Name(kind), ByCluster);
            admissions.WithLabels(Name(kind), Alone);
        }

        gateway.Admitted = outcome => admissions.WithLabels(Name(outcome.Verdict), outcome.Alone ? Alone : ByCluster)
            .Observe(outcome.Took.TotalSeconds);
        _notCaptured = factory.CreateCounter(
            "talreg_calls_not_captured_total", "Calls admitted and not captured; each is a gap in the ledger.");
        _messages = factory.CreateCounter("talreg_sip_messages_total", "SIP messages, both ways.", DirectionLabel);
        _retransmissions = factory.CreateCounter(
            "talreg_sip_retransmissions_total", "Requests that came again: the client had not heard our answer.");
        _dropped = factory.CreateCounter(
            "talreg_sip_datagrams_dropped_total", "SIP datagrams dropped because too many waited.");
        _sendFailures = factory.CreateCounter(
            "talreg_sip_send_failures_total", "SIP messages the system did not send.");
        _accepted = factory.CreateCounter("talreg_sip_sessions_accepted_total", "Recording sessions answered 200.");
        _dialogs = factory.CreateGauge("talreg_sip_dialogs", "SIP dialogs alive.");
        _transactions = factory.CreateGauge("talreg_sip_transactions", "SIP transactions alive.");
        _connections = factory.CreateGauge("talreg_sip_connections", "TCP and TLS connections open.");
    }

    /// <summary>Takes over what the gateway says now.</summary>
    public void Update(GatewayCounters now)
    {
        _notCaptured.IncTo(now.NotCaptured);
        _messages.WithLabels("in").IncTo(now.Sip.MessagesReceived);
        _messages.WithLabels("out").IncTo(now.Sip.MessagesSent);
        _retransmissions.IncTo(now.Sip.RetransmissionsReceived);
        _dropped.IncTo(now.Sip.DatagramsDropped);
        _sendFailures.IncTo(now.Sip.SendFailures);
        _accepted.IncTo(now.Sip.SessionsAccepted);
        _dialogs.Set(now.Sip.Dialogs);
        _transactions.Set(now.Sip.Transactions);
        _connections.Set(now.Sip.Connections);
    }

    private static string Name(VerdictKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());
}
