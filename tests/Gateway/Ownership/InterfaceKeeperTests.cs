using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Ownership;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests.Ownership;

/// <summary>
/// Gateways that take over from each other, with real heartbeats over loopback and the rules of the real grain.
/// </summary>
public sealed class InterfaceKeeperTests : IAsyncLifetime
{
    private readonly MemoryInterface _interface = new();
    private readonly List<InterfaceKeeper> _keepers = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var keeper in _keepers)
        {
            await keeper.DisposeAsync();
        }
    }

    [Fact]
    public async Task Standby_takes_over_when_the_owner_falls_silent()
    {
        var (first, second) = await PairAsync();
        await first.DisposeAsync();
        await Wait.UntilAsync(() => second.State.Role == GatewayRole.Owner, "gw2 to take over");
        Assert.Equal((2L, 1L), (second.State.OwnEpoch, second.Counters.Takeovers));
        Assert.True(second.MaySpeak);
    }

    [Fact]
    public async Task No_database_no_takeover_but_an_alarm_until_it_is_back()
    {
        var (first, second) = await PairAsync();
        _interface.IsDown = true;
        await first.DisposeAsync();
        await Wait.UntilAsync(() => second.Counters.Alarm is not null, "the alarm");
        Assert.Equal("the database is down", second.Counters.Alarm);
        Assert.NotEqual(GatewayRole.Owner, second.State.Role);
        _interface.IsDown = false;
        await Wait.UntilAsync(() => second.State.Role == GatewayRole.Owner, "gw2 to take over");
        Assert.Null(second.Counters.Alarm);
    }

    [Fact]
    public async Task Owner_hands_over_when_asked_and_stands_by_when_its_calls_are_over()
    {
        var calls = 1;
        var (first, second) = await PairAsync(() => calls);
        await _interface.AskHandoverAsync(HandoverKind.Drain, "ann");
        await Wait.UntilAsync(() => second.State.Role == GatewayRole.Owner, "gw2 to own the interface");
        await Wait.UntilAsync(() => first.State.Role == GatewayRole.Withdrawn, "gw1 to have withdrawn");
        Assert.True(first.MaySpeak);
        calls = 0;
        await Wait.UntilAsync(() => first.State.Role == GatewayRole.Standby, "gw1 to stand by");
        await Wait.UntilAsync(() => second.Heard().ContainsKey("gw1"), "gw2 to hear gw1");
        await _interface.AskHandoverAsync(HandoverKind.Failback, "ann");
        await Wait.UntilAsync(() => first.State.Role == GatewayRole.Owner, "gw1 to own the interface again");
        Assert.Equal(3, first.State.OwnEpoch);
    }

    [Fact]
    public async Task Owner_declines_to_hand_over_to_one_it_does_not_hear()
    {
        var (first, second) = await PairAsync();
        await second.DisposeAsync();
        await Wait.UntilAsync(
            () => first.Heard()["gw2"] > OwnershipTiming.Silence + OwnershipTiming.Beat, "gw2 to be silent");
        await _interface.AskHandoverAsync(HandoverKind.Drain, "ann");
        await Wait.UntilAsync(() => _interface.Ownership!.Order!.Declined is not null, "the owner to decline");
        Assert.Equal(GatewayRole.Owner, first.State.Role);
    }

    [Fact]
    public async Task Owner_that_was_replaced_unheard_is_stale_until_its_calls_are_over()
    {
        var calls = 1;
        var (first, second) = await PairAsync(() => calls);
        await _interface.TakeOverAsync(second.State.Incarnation, 1);
        await Wait.UntilAsync(() => first.State.Role == GatewayRole.Stale, "gw1 to know that it is stale");
        Assert.False(first.MaySpeak);
        calls = 0;
        await Wait.UntilAsync(() => first.State.Role == GatewayRole.Standby, "gw1 to stand by");
    }

    [Fact]
    public async Task Orderly_stop_of_the_owner_hands_over_without_a_silence()
    {
        var (first, second) = await PairAsync();
        await first.StopAsync();
        await Wait.UntilAsync(() => second.State.Role == GatewayRole.Owner, "gw2 to own the interface");
        Assert.Equal((0L, 1L), (second.Counters.Takeovers, _interface.Ownership!.GivenUp));
        await second.StopAsync();
        Assert.Equal("gw2", _interface.Ownership!.Lease.Gateway);
    }

    private async Task<(InterfaceKeeper First, InterfaceKeeper Second)> PairAsync(Func<int>? calls = null)
    {
        var first = await StartAsync("gw1", calls);
        var second = await StartAsync("gw2", () => 0);
        await Wait.UntilAsync(
            () => first.Heard().ContainsKey("gw2") && second.State.WasHeard, "the two to hear each other");
        return (first, second);
    }

    private async Task<InterfaceKeeper> StartAsync(string gateway, Func<int>? calls)
    {
        var grains = Substitute.For<IGrainFactory>();
        grains.GetGrain<IInterfaceGrain>(
            Arg.Is<string>(key => InterfaceLanes.Row(key) == "default/sip1")).Returns(_interface);
        var keeper = new InterfaceKeeper(
            new GatewayOptions
            {
                Tenant = "default",
                Site = "site1",
                Gateway = gateway,
                Interface = "sip1",
                Sip = new IPEndPoint(IPAddress.Loopback, 0),
                Heartbeat = new IPEndPoint(IPAddress.Loopback, 0),
            },
            Guid.NewGuid(),
            grains,
            TimeProvider.System,
            NullLogger.Instance);
        _keepers.Add(keeper);
        await keeper.JoinAsync();
        keeper.Start((_, _) => { }, calls ?? (() => 0));
        return keeper;
    }
}
