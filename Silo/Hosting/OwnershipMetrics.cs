using Prometheus;
using Talreg.Contracts.Gateways;
using Talreg.Gateway;

namespace Talreg.Silo.Hosting;

/// <summary>The gateway's part in its interface, as metrics.</summary>
internal sealed class OwnershipMetrics
{
    private static readonly string[] RoleLabels = ["interface", "role"];
    private static readonly string[] InterfaceLabel = ["interface"];
    private static readonly string[] OutcomeLabel = ["outcome"];

    private readonly string _interface;
    private readonly Gauge _role;
    private readonly Gauge _epoch;
    private readonly Gauge _blocked;
    private readonly Counter _takeovers;
    private readonly Counter _heartbeats;
    private readonly Counter _withheld;

    public OwnershipMetrics(IMetricFactory factory, string @interface)
    {
        _interface = @interface;
        _role = factory.CreateGauge(
            "talreg_interface_role", "1 for what this gateway does on its interface, 0 for the rest.", RoleLabels);
        _epoch = factory.CreateGauge(
            "talreg_interface_epoch", "The last epoch under which this gateway owned the interface.", InterfaceLabel);
        _blocked = factory.CreateGauge(
            "talreg_interface_takeover_blocked",
            "1 while the owner is silent and cannot be replaced, or another process has this gateway's name.",
            InterfaceLabel);
        _takeovers = factory.CreateCounter(
            "talreg_interface_takeovers_total",
            "Times that this process took the interface over from a silent owner.",
            InterfaceLabel);
        _heartbeats = factory.CreateCounter(
            "talreg_heartbeats_total", "Heartbeats between gateways, by what became of them.", OutcomeLabel);
        _withheld = factory.CreateCounter(
            "talreg_sip_withheld_total",
            "SIP messages not sent, or not taken, because another gateway may own the interface.");

        // There from the start, and where nobody stands by: a rule must not miss the first takeover.
        _blocked.WithLabels(_interface);
        _takeovers.WithLabels(_interface);
        foreach (var outcome in (string[])["accepted", "refused", "sent"])
        {
            _heartbeats.WithLabels(outcome);
        }
    }

    public void Update(GatewayCounters now)
    {
        _withheld.IncTo(now.Sip.Withheld);
        if (now.Ownership is not { } ownership)
        {
            return;
        }

        foreach (var role in Enum.GetValues<GatewayRole>())
        {
            var name = role.ToString();
            var label = char.ToLowerInvariant(name[0]) + name[1..];
            _role.WithLabels(_interface, label).Set(role == ownership.Role ? 1 : 0);
        }

        _epoch.WithLabels(_interface).Set(ownership.Epoch);
        _blocked.WithLabels(_interface).Set(ownership.Alarm is null ? 0 : 1);
        _takeovers.WithLabels(_interface).IncTo(ownership.Takeovers);
        _heartbeats.WithLabels("accepted").IncTo(ownership.Accepted);
        _heartbeats.WithLabels("refused").IncTo(ownership.Refused);
        _heartbeats.WithLabels("sent").IncTo(ownership.Sent);
    }
}
