using Talreg.Grains.Policies;

namespace Talreg.Grains;

/// <summary>What the grains need to know of the deployment.</summary>
public sealed class GrainsOptions
{
    /// <summary>The storage provider of every grain.</summary>
    public const string Storage = "talreg";

    /// <summary>How long a command waits for the grains it asks in turn.</summary>
    public static readonly TimeSpan GatewayDeadline = TimeSpan.FromMilliseconds(500);

    /// <summary>The policy a channel follows when none is configured for its interface.</summary>
    public string DefaultPolicy { get; set; } = Contracts.Names.DefaultPolicy;

    /// <summary>When a change of policy needs a second person.</summary>
    public PolicyApproval PolicyApproval { get; set; } = PolicyApproval.TwoAfterFirst;

    /// <summary>
    /// The public key, in its one-line form, of the tickets with which silos read at gateways; null where there are
    /// none.
    /// </summary>
    public string? TicketKey { get; set; }

    /// <summary>Policy by interface name.</summary>
    public IDictionary<string, string> PolicyByInterface { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The policy that decides for an interface.</summary>
    public string PolicyFor(string @interface) =>
        PolicyByInterface.TryGetValue(@interface, out var policy) ? policy : DefaultPolicy;
}
