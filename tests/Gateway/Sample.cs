using System.Net;
using Talreg.Contracts.Calls;

namespace Talreg.Gateway.Tests;

/// <summary>What several tests start from.</summary>
internal static class Sample
{
    public static GatewayOptions Options { get; } = new()
    {
        Tenant = "default", Site = "site1", Gateway = "gw1", Interface = "sip1",
        Sip = new IPEndPoint(IPAddress.Loopback, 0),
    };

    public static Verdict Verdict { get; } = new()
    {
        At = DateTimeOffset.UnixEpoch, Kind = VerdictKind.Record, Policy = "default", Version = 1, Rule = "all",
        Reason = "all calls", Autonomous = false, Retention = TimeSpan.FromDays(1), Purpose = "test",
    };
}
