using Talreg.Api.Operations;
using Talreg.Contracts.Gateways;
using Talreg.Silo.Verbs;

namespace Talreg.Silo.Tests;

/// <summary>What <c>talreg status</c> shows.</summary>
public sealed class StatusTableTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 24, 20, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Write_has_a_row_an_interface_and_a_line_an_order_and_an_alarm()
    {
        var status = new ClusterStatus(At,
        [
            new InterfaceStatus(
                "sip1", "gw1", 12, At, "gw1", ["gw2", "gw3"],
                new HandoverStatus(HandoverKind.Drain, null, "ann", At, null), 500,
                [
                    new GatewayStatus(
                        "gw1", GatewayRole.Owner, 12, 500, 3, At,
                        new Dictionary<string, long>(StringComparer.Ordinal) { ["gw2"] = 42 }),
                ],
                []),
            new InterfaceStatus(
                "sip-long-name", "gw4", 1, null, null, [], null, 0, [], ["gw4 does not report."]),
        ]);

        Assert.Equal(
            """
            INTERFACE      OWNER  EPOCH  SINCE                 STANDBY  HEARD  LIVE CALLS  UNSEALED
            sip1           gw1    12     2026-11-24 20:00:00Z  gw2,gw3  42 ms  500         3
            sip-long-name  gw4    1      -                     -        -      0           0
            sip1: drain asked by ann at 2026-11-24 20:00:00Z, under way
            ALARM sip-long-name: gw4 does not report.

            """.ReplaceLineEndings("\n"),
            StatusTable.Write(status));
    }

    [Fact]
    public void Write_of_nothing_says_so() => Assert.Equal(
        "No interface was ever in use: start a gateway.\n", StatusTable.Write(new ClusterStatus(At, [])));
}
