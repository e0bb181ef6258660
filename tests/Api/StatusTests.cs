using System.Net;
using System.Net.Http.Json;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using Talreg.Api.Access;
using Talreg.Api.Operations;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Json;

namespace Talreg.Api.Tests;

public sealed class StatusTests
{
    private static readonly InterfaceMember One = new("gw1", Guid.NewGuid(), "10.0.0.1:7946");
    private static readonly InterfaceMember Two = new("gw2", Guid.NewGuid(), "10.0.0.2:7946");

    private static readonly InterfaceOwnership Pair = new()
    {
        Lease = new InterfaceLease("sip", "gw1", One.Incarnation, 4),
        Owner = One,
        OwnedSince = Samples.At,
        Home = "gw1",
        Standbys = [Two],
    };

    [Fact]
    public async Task Status_tells_owner_epoch_standby_live_calls_and_alarms()
    {
        await using var host = await HostAsync();
        var status = await host.Client.GetFromJsonAsync<ClusterStatus>("/api/v1/operations/status", TalregJson.Options);
        var one = Assert.Single(status!.Interfaces);
        Assert.Equal(("sip", "gw1", 4L, "gw1"), (one.Name, one.Owner, one.Epoch, one.Home));
        Assert.Equal(["gw2"], one.Standbys);
        Assert.Equal(15, one.LiveCalls);
        Assert.Equal([GatewayRole.Owner, GatewayRole.Standby], one.Gateways.Select(gateway => gateway.Role));
        Assert.Equal(70, one.Gateways[0].HeardMs["gw2"]);
        Assert.Equal(["gw2: Space is running out."], one.Alarms);
        Assert.Null(one.Handover);
    }

    [Fact]
    public async Task Status_names_gateways_that_do_not_report_and_interfaces_nobody_stands_by_for()
    {
        await using var host = await HostAsync();
        host.Gateway.GetReportAsync().Returns(Report("gw1", GatewayRole.Owner) with
        {
            At = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1),
        });
        host.Interface.ReadAsync().Returns(Pair with { Standbys = [] });
        Assert.Equal(
            ["gw1 has not reported for 60 s.", "Nobody stands by."], (await OneAsync(host)).Alarms);
        host.Gateway.GetReportAsync().ThrowsAsync(new TimeoutException());
        host.Interface.ReadAsync().Returns(Pair);
        Assert.Contains("gw1 does not report.", (await OneAsync(host)).Alarms);
    }

    [Theory]
    [InlineData("drain", HandoverKind.Drain)]
    [InlineData("failback", HandoverKind.Failback)]
    public async Task Handover_is_asked_of_the_owner_in_the_callers_name(string verb, HandoverKind kind)
    {
        await using var host = await HostAsync();
        host.Interface.AskHandoverAsync(kind, AccessTokens.Administrator).Returns(
            Pair with { Order = new HandoverOrder(kind, null, AccessTokens.Administrator, Samples.At) });
        var response = await host.Client.PostAsync($"/api/v1/operations/interfaces/sip/{verb}", null);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var status = await response.Content.ReadFromJsonAsync<InterfaceStatus>(TalregJson.Options);
        Assert.Equal((kind, AccessTokens.Administrator), (status!.Handover!.Kind, status.Handover.Actor));
    }

    [Fact]
    public async Task Handover_that_is_refused_or_of_no_interface_says_why()
    {
        await using var host = await HostAsync();
        host.Interface.AskHandoverAsync(HandoverKind.Drain, AccessTokens.Administrator).ThrowsAsync(
            new RefusalException(RefusalKind.WrongState, "Nobody stands by for interface sip."));
        var refused = await host.Client.PostAsync("/api/v1/operations/interfaces/sip/drain", null);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("Nobody stands by", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var wrong = await host.Client.PostAsync("/api/v1/operations/interfaces/Sip/drain", null);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    private static async Task<InterfaceStatus> OneAsync(ApiHost host) =>
        (await host.Client.GetFromJsonAsync<ClusterStatus>("/api/v1/operations/status", TalregJson.Options))!
        .Interfaces.Single();

    private static async Task<ApiHost> HostAsync()
    {
        var host = await ApiHost.StartAsync();
        host.Interfaces.ListAsync().Returns(["sip"]);
        host.Interface.ReadAsync().Returns(Pair);
        host.Gateway.GetReportAsync().Returns(Report("gw1", GatewayRole.Owner));
        host.Standby.GetReportAsync().Returns(
            Report("gw2", GatewayRole.Standby) with { LiveCalls = 3, Alarms = ["Space is running out."] });
        return host;
    }

    private static GatewayReport Report(string gateway, GatewayRole role) =>
        new(gateway, "sip", TimeProvider.System.GetUtcNow(), role, 4, 12, 1, [])
        {
            Heard = new Dictionary<string, TimeSpan>(StringComparer.Ordinal)
            {
                ["gw2"] = TimeSpan.FromMilliseconds(70),
            },
        };
}
