using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;

namespace Talreg.Grains.Tests;

public sealed class OwnershipTests(RecorderCluster cluster) : IClassFixture<RecorderCluster>
{
    [Fact]
    public async Task Acquire_raises_the_epoch_for_a_new_incarnation_only()
    {
        var grain = cluster.Client.GetGrain<IInterfaceGrain>("default/epochs");
        Assert.Null(await grain.GetAsync());
        var incarnation = Guid.NewGuid();
        var first = await grain.AcquireAsync("gw1", incarnation);
        Assert.Equal(new InterfaceLease("epochs", "gw1", incarnation, 1), first);
        Assert.Equal(first, await grain.AcquireAsync("gw1", incarnation));
        Assert.Equal(2, (await grain.AcquireAsync("gw1", Guid.NewGuid())).Epoch);
        await cluster.DeactivateAsync();
        Assert.Equal(3, (await grain.AcquireAsync("gw2", Guid.NewGuid())).Epoch);
        Assert.Equal("gw2", (await grain.GetAsync())!.Gateway);
    }

    [Fact]
    public async Task Resolve_first_proposal_wins_also_after_deactivation()
    {
        var grain = cluster.Client.GetGrain<ISessionGrain>("default/first-wins");
        var first = CallId.New(DateTimeOffset.UnixEpoch);
        Assert.Equal(first, await grain.ResolveAsync(first));
        await cluster.DeactivateAsync();
        Assert.Equal(first, await grain.ResolveAsync(CallId.New(DateTimeOffset.UnixEpoch)));
    }

    [Fact]
    public async Task Resolve_50_proposals_at_once_gives_one_of_them()
    {
        var grain = cluster.Client.GetGrain<ISessionGrain>("default/fifty");
        var proposed = Enumerable.Range(0, 50).Select(_ => CallId.New(DateTimeOffset.UnixEpoch)).ToList();
        var answers = await Task.WhenAll(proposed.Select(grain.ResolveAsync));
        Assert.Contains(Assert.Single(answers.Distinct()), proposed);
    }

    [Fact]
    public async Task Order_is_pushed_kept_and_forgotten()
    {
        var (grain, gateway) = await RegisterAsync("orders");
        var take = TakeId.New(DateTimeOffset.UnixEpoch);
        var order = new TakeOrder(take, TakeDesire.Pause, 2, "pause by ann");
        Assert.True(await grain.OrderAsync(order));
        await cluster.DeactivateAsync();
        Assert.Equal(order, Assert.Single(await grain.PullAsync()));
        await grain.OrderAsync(order with { Desire = TakeDesire.Record, Revision = 1 });
        Assert.Equal(order, Assert.Single(await grain.PullAsync()));
        Assert.Equal([order], gateway.Orders);
        await grain.ForgetAsync(take);
        Assert.Empty(await grain.PullAsync());
        GC.KeepAlive(gateway);
    }

    [Fact]
    public async Task Order_of_50_takes_at_once_keeps_every_one()
    {
        var (grain, gateway) = await RegisterAsync("many");
        var orders = Enumerable.Range(0, 50)
            .Select(_ => new TakeOrder(TakeId.New(DateTimeOffset.UnixEpoch), TakeDesire.Stop, 1, "stop by ann"))
            .ToList();
        await Task.WhenAll(orders.Select(grain.OrderAsync));
        await cluster.DeactivateAsync();
        Assert.Equal(50, (await grain.PullAsync()).ToHashSet().Intersect(orders).Count());
        GC.KeepAlive(gateway);
    }

    [Fact]
    public async Task Order_without_a_gateway_is_kept_and_not_confirmed()
    {
        var grain = cluster.Client.GetGrain<IGatewayGrain>("default/absent");
        var order = new TakeOrder(TakeId.New(DateTimeOffset.UnixEpoch), TakeDesire.Stop, 1, "stop by ann");
        Assert.False(await grain.OrderAsync(order));
        Assert.Equal(order, Assert.Single(await grain.PullAsync()));
    }

    [Fact]
    public async Task Read_asks_the_gateway()
    {
        var (grain, gateway) = await RegisterAsync("reads");
        var take = new TakeDocument
        {
            Id = TakeId.New(DateTimeOffset.UnixEpoch), Gateway = "reads", Epoch = 1, Streams = [], CommittedChunks = 12,
        };
        gateway.Takes[take.Id] = take;
        Assert.Equal(12, (await grain.ReadAsync(take.Id))!.CommittedChunks);
        Assert.Null(await grain.ReadAsync(TakeId.New(DateTimeOffset.UnixEpoch)));
        GC.KeepAlive(gateway);
    }

    private async Task<(IGatewayGrain Grain, FakeGateway Gateway)> RegisterAsync(string name)
    {
        var gateway = new FakeGateway();
        var grain = cluster.Client.GetGrain<IGatewayGrain>($"default/{name}");
        await grain.RegisterAsync(cluster.Client.CreateObjectReference<IGatewayObserver>(gateway));
        return (grain, gateway);
    }
}
