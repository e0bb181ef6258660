using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Grains.Interfaces;

namespace Talreg.Grains.Tests;

/// <summary>Ownership as the grain stores it; the rules are tested with the contracts.</summary>
public sealed class InterfaceTests(RecorderCluster cluster) : IClassFixture<RecorderCluster>
{
    private static readonly InterfaceMember One = Member("gw1");
    private static readonly InterfaceMember Two = Member("gw2");

    [Fact]
    public async Task Join_takeover_and_handover_survive_the_grain()
    {
        var grain = cluster.Client.GetGrain<IInterfaceGrain>("default/moved");
        var joined = await grain.JoinAsync(One);
        Assert.Equal(("gw1", 1L), (joined.Ownership.Lease.Gateway, joined.Ownership.Lease.Epoch));
        Assert.Equal("default/moved", Encoding.ASCII.GetString(joined.HeartbeatKey.Span).TrimEnd());
        await grain.JoinAsync(Two);
        await cluster.DeactivateAsync();
        var taken = await grain.TakeOverAsync(Two.Incarnation, 1);
        Assert.Equal(("gw2", 2L), (taken.Lease.Gateway, taken.Lease.Epoch));
        await grain.JoinAsync(One);
        Assert.Equal("ann", (await grain.AskHandoverAsync(HandoverKind.Failback, "ann")).Order!.Actor);
        await cluster.DeactivateAsync();
        await grain.HandOverAsync(Two.Incarnation, 2, "gw1");
        var now = (await grain.ReadAsync())!;
        Assert.Equal(("gw1", 3L, 2L), (now.Lease.Gateway, now.Lease.Epoch, now.GivenUp));
        Assert.Equal(now.Lease, await grain.GetAsync());
    }

    [Fact]
    public async Task TakeOver_by_ten_at_once_is_given_to_one()
    {
        var grain = cluster.Client.GetGrain<IInterfaceGrain>("default/ten");
        await grain.JoinAsync(One);
        var standbys = Enumerable.Range(2, OwnershipTransitions.MaxStandbys).Select(i => Member($"gw{i}")).ToList();
        foreach (var standby in standbys)
        {
            await grain.JoinAsync(standby);
        }

        var refusals = 0;
        await Task.WhenAll(standbys.Select(async standby =>
        {
            try
            {
                await grain.TakeOverAsync(standby.Incarnation, 1);
            }
            catch (RefusalException e) when (e.Kind == RefusalKind.StaleEpoch)
            {
                Interlocked.Increment(ref refusals);
            }
        }));
        Assert.Equal(standbys.Count - 1, refusals);
        Assert.Equal(2, (await grain.ReadAsync())!.Lease.Epoch);
    }

    [Fact]
    public async Task All_lanes_change_one_row_and_none_loses_what_another_wrote()
    {
        await Task.WhenAll(Enumerable.Range(0, InterfaceLanes.Count).Select(lane => cluster.Client
            .GetGrain<IInterfaceGrain>(InterfaceLanes.Key("default", "raced", lane)).JoinAsync(Member($"gw{lane}"))));
        var now = (await cluster.Client.GetGrain<IInterfaceGrain>("default/raced").ReadAsync())!;
        Assert.Equal((1L, InterfaceLanes.Count - 1), (now.Lease.Epoch, now.Standbys.Count));
    }

    [Fact]
    public async Task Interface_that_nobody_owned_is_named_in_the_refusal()
    {
        var grain = cluster.Client.GetGrain<IInterfaceGrain>("default/nobody");
        Assert.Null(await grain.ReadAsync());
        var refusal = await Assert.ThrowsAsync<RefusalException>(
            () => grain.AskHandoverAsync(HandoverKind.Drain, "ann"));
        Assert.Equal(RefusalKind.NotFound, refusal.Kind);
        Assert.Contains("nobody", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interfaces_are_listed_once_they_are_used()
    {
        await cluster.Client.GetGrain<IInterfaceGrain>("listed/sip2").JoinAsync(One);
        await cluster.Client.GetGrain<IInterfaceGrain>("listed/sip1").AcquireAsync("gw1", Guid.NewGuid());
        var list = cluster.Client.GetGrain<IInterfacesGrain>("listed");
        await TestKit.Wait.UntilAsync(async () => (await list.ListAsync()).Count == 2, "both to be listed");
        Assert.Equal(["sip1", "sip2"], await list.ListAsync());
    }

    [Fact]
    public void State_of_the_version_before_opens_and_the_version_before_opens_this_one()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var storage = new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>());
        var lease = new InterfaceLease("sip1", "gw1", One.Incarnation, 4);
        var opened = storage.Deserialize<InterfaceGrainState>(
            storage.Serialize(new InterfaceStateBefore { Lease = lease }))!;
        Assert.Equal(lease, opened.Ownership!.Lease);
        Assert.Empty(opened.Ownership.Standbys);

        var written = new InterfaceGrainState
        {
            Lease = lease, Standing = new InterfaceOwnership { Lease = lease, Standbys = [Two], Home = "gw1" },
        };
        Assert.Equal(lease, storage.Deserialize<InterfaceStateBefore>(storage.Serialize(written))!.Lease);
        Assert.Equal([Two], storage.Deserialize<InterfaceGrainState>(storage.Serialize(written))!.Ownership!.Standbys);

        // Written by both in turn: the lease is the newer one's, and what belonged to the older lease is gone with it.
        Assert.Empty(new InterfaceGrainState { Lease = lease with { Epoch = 5 }, Standing = written.Standing }
            .Ownership!.Standbys);
    }

    [Fact]
    public async Task Report_of_a_gateway_is_given_to_who_asks()
    {
        var grain = cluster.Client.GetGrain<IGatewayGrain>("default/reports");
        Assert.Null(await grain.GetReportAsync());
        await grain.ReportAsync(new GatewayReport(
            "reports", "sip1", DateTimeOffset.UnixEpoch, GatewayRole.Owner, 3, 12, 1, ["no space"])
        {
            Heard = new Dictionary<string, TimeSpan>(StringComparer.Ordinal)
            {
                ["gw2"] = TimeSpan.FromMilliseconds(40),
            },
        });
        var report = (await grain.GetReportAsync())!;
        Assert.Equal((12, 3L, "no space"), (report.LiveCalls, report.Epoch, report.Alarms[0]));
        Assert.Equal(TimeSpan.FromMilliseconds(40), report.Heard["gw2"]);
    }

    private static InterfaceMember Member(string gateway) => new(gateway, Guid.NewGuid(), "127.0.0.1:7946");
}

/// <summary>The state as it was written before gateways stood by for each other.</summary>
[GenerateSerializer, Alias("Talreg.Tests.InterfaceStateBefore")]
public sealed class InterfaceStateBefore
{
    [Id(0)] public InterfaceLease? Lease { get; set; }
}
