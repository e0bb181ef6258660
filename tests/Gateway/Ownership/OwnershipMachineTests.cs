using Talreg.Contracts.Gateways;
using Talreg.Gateway.Ownership;

namespace Talreg.Gateway.Tests.Ownership;

/// <summary>What a gateway does on its interface, event by event; one-letter names are members.</summary>
public sealed class OwnershipMachineTests
{
    private static readonly InterfaceMember A = Member("gw1");
    private static readonly InterfaceMember B = Member("gw2");
    private static readonly InterfaceMember C = Member("gw3");

    /// <summary>
    /// What a standby does after so many milliseconds without a word, having heard the owner before or not.
    /// </summary>
    public static TheoryData<bool, int, bool> Silences { get; } = new()
    {
        { true, 500, false },
        { true, 501, true },
        { false, 501, false },
        { false, 5_000, false },
        { false, 5_001, true },
    };

    [Theory]
    [MemberData(nameof(Silences))]
    public void Standby_takes_over_from_an_owner_that_is_silent(bool wasHeard, int silentMs, bool takesOver)
    {
        var state = Begin(B);
        if (wasHeard)
        {
            (state, _) = OwnershipMachine.Hear(state, Beat(A, 1), Ms(0));
        }

        var steps = new List<OwnershipStep>();
        for (var at = 100; at < silentMs; at += 100)
        {
            (state, var quiet) = OwnershipMachine.Tick(state, Ms(at));
            Assert.Equal((GatewayRole.Standby, OwnershipStep.None), (state.Role, quiet));
        }

        (state, var step) = OwnershipMachine.Tick(state, Ms(silentMs));
        Assert.Equal(
            takesOver ? (GatewayRole.TakingOver, OwnershipStep.TakeOver) : (GatewayRole.Standby, OwnershipStep.None),
            (state.Role, step));
    }

    [Fact]
    public void Second_in_line_waits_longer()
    {
        var (state, _) = OwnershipMachine.Hear(Begin(C), Beat(A, 1), Ms(0));
        state = Quiet(state, Ms(0), Ms(700));
        Assert.Equal(GatewayRole.Standby, OwnershipMachine.Tick(state, Ms(750)).State.Role);
        Assert.Equal(GatewayRole.TakingOver, OwnershipMachine.Tick(state, Ms(751)).State.Role);
    }

    [Fact]
    public void Standby_that_was_frozen_itself_counts_no_silence()
    {
        var (state, _) = OwnershipMachine.Hear(Begin(B), Beat(A, 1), Ms(0));
        (state, var step) = OwnershipMachine.Tick(state, Ms(20_000));
        Assert.Equal((GatewayRole.Standby, OwnershipStep.Read), (state.Role, step));
        Assert.Equal(GatewayRole.Standby, OwnershipMachine.Tick(state, Ms(20_500)).State.Role);
    }

    [Fact]
    public void Takeover_that_fails_is_tried_again_and_becomes_an_alarm()
    {
        var state = TakingOver();
        for (var failure = 1; failure <= OwnershipState.AlarmAfter; failure++)
        {
            var at = Ms(600 + (300 * failure));
            Assert.Null(state.Alarm);
            state = OwnershipMachine.Fail(state, "no database", at);
            Assert.Equal(GatewayRole.Suspect, state.Role);
            Assert.Equal(OwnershipStep.None, OwnershipMachine.Tick(state, at + Ms(199)).Step);
            (state, var step) = OwnershipMachine.Tick(state, at + OwnershipTiming.Again);
            Assert.Equal((GatewayRole.TakingOver, OwnershipStep.TakeOver), (state.Role, step));
        }

        Assert.Equal("no database", state.Alarm);
        state = OwnershipMachine.Learn(state, Taken(B, 2), Ms(2_000), Ms(2_000));
        Assert.Equal((GatewayRole.Owner, 2L), (state.Role, state.OwnEpoch));
        Assert.Null(state.Alarm);
    }

    [Fact]
    public void Owner_that_is_heard_again_is_suspected_no_more()
    {
        var state = OwnershipMachine.Fail(TakingOver(), "no database", Ms(600));
        (state, _) = OwnershipMachine.Hear(state, Beat(A, 1), Ms(700));
        Assert.Equal(GatewayRole.Standby, state.Role);
        Assert.Equal(OwnershipStep.None, OwnershipMachine.Tick(state, Ms(900)).Step);
    }

    [Fact]
    public void Heartbeat_of_another_standby_or_of_an_earlier_incarnation_is_no_sign_of_the_owner()
    {
        var (state, _) = OwnershipMachine.Hear(Begin(B), Beat(A, 1), Ms(0));
        state = Quiet(state, Ms(0), Ms(500));
        (state, _) = OwnershipMachine.Hear(state, Beat(C, 1, GatewayRole.Standby), Ms(500));
        (state, _) = OwnershipMachine.Hear(state, Beat(A, 1) with { Incarnation = Guid.NewGuid() }, Ms(500));
        Assert.Equal(GatewayRole.TakingOver, OwnershipMachine.Tick(state, Ms(501)).State.Role);
    }

    [Fact]
    public void Nobody_takes_over_from_an_owner_that_sends_no_heartbeats()
    {
        var mute = Trio() with { Owner = null };
        var state = OwnershipMachine.Begin(B.Gateway, B.Incarnation, mute, Ms(0));
        Assert.Equal(GatewayRole.Standby, Quiet(state, Ms(0), Ms(60_000)).Role);
    }

    [Fact]
    public void Owner_that_stood_still_is_silent_until_it_knows()
    {
        var state = Quiet(Begin(A), Ms(0), Ms(1_000));
        Assert.True(state.MaySpeak);
        (state, var step) = OwnershipMachine.Tick(state, Ms(1_501));
        Assert.Equal((false, OwnershipStep.Read), (state.MaySpeak, step));

        // What was asked before it stood still proves nothing about afterwards.
        state = OwnershipMachine.Learn(state, Trio(), Ms(1_000), Ms(1_520));
        Assert.False(state.MaySpeak);
        Assert.Equal(OwnershipStep.Read, OwnershipMachine.Tick(state, Ms(1_600)).Step);
        state = OwnershipMachine.Learn(state, Trio(), Ms(1_501), Ms(1_530));
        Assert.Equal((true, GatewayRole.Owner), (state.MaySpeak, state.Role));
    }

    [Fact]
    public void Owner_that_stood_still_and_was_taken_over_is_stale()
    {
        var (state, _) = OwnershipMachine.Tick(Begin(A), Ms(20_000));
        state = OwnershipMachine.Learn(state, Taken(B, 2), Ms(20_000), Ms(20_010));
        Assert.Equal((GatewayRole.Stale, false, 1L), (state.Role, state.MaySpeak, state.OwnEpoch));
        Assert.True(OwnershipMachine.MustJoin(state));
    }

    [Fact]
    public void Owner_that_hears_a_higher_epoch_is_stale_at_once()
    {
        var (state, step) = OwnershipMachine.Hear(Begin(A), Beat(B, 2), Ms(100));
        Assert.Equal((GatewayRole.Stale, OwnershipStep.Read, false), (state.Role, step, state.MaySpeak));
        state = OwnershipMachine.Learn(state, Taken(B, 2) with { GivenUp = 1 }, Ms(100), Ms(110));
        Assert.Equal(GatewayRole.Withdrawn, state.Role);
    }

    [Fact]
    public void Owner_that_hands_over_withdraws_and_stands_by_when_it_joined_again()
    {
        var state = Begin(A) with { IsHandingOver = true };
        Assert.Equal(GatewayRole.Withdrawn, OwnershipMachine.Hear(state, Beat(B, 2), Ms(100)).State.Role);
        state = OwnershipMachine.Learn(state, Taken(B, 2) with { GivenUp = 1 }, Ms(100), Ms(110));
        Assert.Equal((GatewayRole.Withdrawn, true, false), (state.Role, state.MaySpeak, state.IsHandingOver));
        Assert.Equal(GatewayRole.Withdrawn, Quiet(state, Ms(110), Ms(9_000)).Role);
        var again = Taken(B, 2) with { Standbys = [C, A] };
        state = OwnershipMachine.Learn(state, again, Ms(9_000), Ms(9_010));
        Assert.Equal((GatewayRole.Standby, 1), (state.Role, state.Rank));
    }

    [Fact]
    public void Answers_that_overtake_each_other_do_not_take_back_what_is_known()
    {
        var state = OwnershipMachine.Learn(TakingOver(), Taken(B, 2), Ms(600), Ms(610));
        Assert.Equal(GatewayRole.Owner, OwnershipMachine.Learn(state, Trio(), Ms(590), Ms(620)).Role);
    }

    [Fact]
    public void Takeover_by_another_standby_leaves_this_one_standing_by_for_the_new_owner()
    {
        var state = OwnershipMachine.Learn(TakingOver(), Taken(C, 2), Ms(600), Ms(610));
        Assert.Equal((GatewayRole.Standby, false), (state.Role, state.WasHeard));
        Assert.Equal(GatewayRole.Standby, Quiet(state, Ms(610), Ms(5_600)).Role);
    }

    [Fact]
    public void Owner_whose_membership_an_older_version_dropped_joins_again()
    {
        var state = OwnershipMachine.Learn(Begin(A), Trio() with { Owner = null, Standbys = [] }, Ms(1), Ms(2));
        Assert.Equal((GatewayRole.Owner, true), (state.Role, OwnershipMachine.MustJoin(state)));
    }

    [Fact]
    public void Gateway_whose_name_another_process_took_joins_no_more_and_is_an_alarm()
    {
        var twin = A with { Incarnation = Guid.NewGuid() };
        var state = OwnershipMachine.Learn(Begin(A), Taken(twin, 2), Ms(1), Ms(2));
        Assert.Equal((GatewayRole.Stale, false), (state.Role, OwnershipMachine.MustJoin(state)));
        Assert.Contains("another process runs as gateway gw1", state.Alarm, StringComparison.Ordinal);
        var standby = OwnershipMachine.Learn(
            Begin(B), Trio() with { Standbys = [B with { Incarnation = Guid.NewGuid() }] }, Ms(1), Ms(2));
        Assert.Equal((true, false), (standby.HasTwin, OwnershipMachine.MustJoin(standby)));
        Assert.False(Begin(A).HasTwin);
    }

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static InterfaceMember Member(string gateway) => new(gateway, Guid.NewGuid(), "127.0.0.1:7946");

    private static InterfaceOwnership Trio() => new()
    {
        Lease = new InterfaceLease("sip1", A.Gateway, A.Incarnation, 1),
        Owner = A,
        Home = A.Gateway,
        Standbys = [B, C],
    };

    private static InterfaceOwnership Taken(InterfaceMember by, long epoch) => Trio() with
    {
        Lease = new InterfaceLease("sip1", by.Gateway, by.Incarnation, epoch),
        Owner = by,
        Standbys = [.. new[] { B, C }.Where(member => member != by)],
    };

    private static Heartbeat Beat(InterfaceMember from, long epoch, GatewayRole role = GatewayRole.Owner) =>
        new(from.Gateway, from.Incarnation, role, epoch, Number: 1, Echo: 1);

    private static OwnershipState Begin(InterfaceMember self) =>
        OwnershipMachine.Begin(self.Gateway, self.Incarnation, Trio(), Ms(0));

    private static OwnershipState TakingOver()
    {
        var (state, _) = OwnershipMachine.Hear(Begin(B), Beat(A, 1), Ms(0));
        return OwnershipMachine.Tick(Quiet(state, Ms(0), Ms(500)), Ms(600)).State;
    }

    private static OwnershipState Quiet(OwnershipState state, TimeSpan from, TimeSpan until)
    {
        for (var at = from; at <= until; at += OwnershipTiming.Beat)
        {
            state = OwnershipMachine.Tick(state, at).State;
        }

        return state;
    }
}
