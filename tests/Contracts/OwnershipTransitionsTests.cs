using Talreg.Contracts.Gateways;

namespace Talreg.Contracts.Tests;

/// <summary>The rules of owning an interface.</summary>
public sealed class OwnershipTransitionsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    private static readonly InterfaceMember One = Member("gw1");
    private static readonly InterfaceMember Two = Member("gw2");
    private static readonly InterfaceMember Three = Member("gw3");

    [Fact]
    public void Acquire_raises_the_epoch_for_a_new_incarnation_only()
    {
        var first = OwnershipTransitions.Acquire(null, "sip1", "gw1", One.Incarnation, Now);
        Assert.Equal(new InterfaceLease("sip1", "gw1", One.Incarnation, 1), first.Lease);
        Assert.Same(first, OwnershipTransitions.Acquire(first, "sip1", "gw1", One.Incarnation, Now));
        var again = OwnershipTransitions.Acquire(first, "sip1", "gw1", Guid.NewGuid(), Now);
        Assert.Equal(2, again.Lease.Epoch);
        Assert.Equal(3, OwnershipTransitions.Acquire(again, "sip1", "gw9", Guid.NewGuid(), Now).Lease.Epoch);
    }

    [Fact]
    public void Acquire_of_an_interface_that_others_stand_by_for_is_refused()
    {
        var refusal = Refused(
            () => OwnershipTransitions.Acquire(Pair(), "sip1", "gw9", Guid.NewGuid(), Now), RefusalKind.WrongState);
        Assert.Contains("gw1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Join_first_owns_and_the_next_stands_by()
    {
        var pair = Pair();
        Assert.Equal((One, 1L, "gw1"), (pair.Owner, pair.Lease.Epoch, pair.Home));
        Assert.Equal([Two], pair.Standbys);
        Assert.Same(pair, OwnershipTransitions.Join(pair, "sip1", One, Now));
        Assert.Same(pair, OwnershipTransitions.Join(pair, "sip1", Two, Now));
    }

    [Fact]
    public void Join_of_a_restarted_owner_keeps_the_interface_and_of_a_standby_its_name_once()
    {
        var restarted = OwnershipTransitions.Join(Pair(), "sip1", Member("gw1"), Now.AddHours(1));
        Assert.Equal(("gw1", 2L, Now), (restarted.Lease.Gateway, restarted.Lease.Epoch, restarted.OwnedSince));
        var newTwo = Member("gw2");
        Assert.Equal([newTwo], OwnershipTransitions.Join(restarted, "sip1", newTwo, Now).Standbys);
    }

    [Fact]
    public void Join_of_more_than_may_stand_by_is_refused()
    {
        var full = Pair();
        for (var i = 1; i < OwnershipTransitions.MaxStandbys; i++)
        {
            full = OwnershipTransitions.Join(full, "sip1", Member($"more{i}"), Now);
        }

        Refused(() => OwnershipTransitions.Join(full, "sip1", Three, Now), RefusalKind.Unavailable);
    }

    [Fact]
    public void TakeOver_makes_the_standby_the_owner_once()
    {
        var pair = Pair();
        var taken = OwnershipTransitions.TakeOver(pair, Two.Incarnation, 1, Now);
        Assert.Equal(("gw2", 2L, Two), (taken.Lease.Gateway, taken.Lease.Epoch, taken.Owner));
        Assert.Empty(taken.Standbys);
        Assert.Equal("gw1", taken.Home);
        Assert.Same(taken, OwnershipTransitions.TakeOver(taken, Two.Incarnation, 1, Now));
    }

    [Fact]
    public void TakeOver_under_another_epoch_or_by_nobody_known_is_refused()
    {
        var pair = Pair();
        Refused(() => OwnershipTransitions.TakeOver(pair, Two.Incarnation, 2, Now), RefusalKind.StaleEpoch);
        Refused(() => OwnershipTransitions.TakeOver(pair, Two.Incarnation, 0, Now), RefusalKind.StaleEpoch);
        Refused(() => OwnershipTransitions.TakeOver(pair, Three.Incarnation, 1, Now), RefusalKind.Forbidden);
    }

    [Fact]
    public void TakeOver_again_waits_for_the_hold_which_a_person_may_override()
    {
        var taken = OwnershipTransitions.TakeOver(Pair(), Two.Incarnation, 1, Now);
        var back = OwnershipTransitions.Join(taken, "sip1", One, Now);
        var soon = Now + OwnershipTransitions.MinimumHold - TimeSpan.FromMilliseconds(1);
        Refused(() => OwnershipTransitions.TakeOver(back, One.Incarnation, 2, soon), RefusalKind.Unavailable);
        var later = Now + OwnershipTransitions.MinimumHold;
        Assert.Equal("gw1", OwnershipTransitions.TakeOver(back, One.Incarnation, 2, later).Lease.Gateway);

        var asked = OwnershipTransitions.Ask(back, HandoverKind.Failback, "ann", soon);
        Assert.Equal("gw1", asked.Order!.To);
        var moved = OwnershipTransitions.HandOver(asked, Two.Incarnation, 2, "gw1", soon);
        Assert.Equal(("gw1", 3L, 2L), (moved.Lease.Gateway, moved.Lease.Epoch, moved.GivenUp));
        Assert.Null(moved.Order);
    }

    [Theory]
    [InlineData(-3_600, true)]
    [InlineData(-9, false)]
    [InlineData(9, false)]
    [InlineData(3_600, true)]
    public void TakeOver_by_a_silo_whose_clock_differs_is_held_up_no_longer(int seconds, bool given)
    {
        var taken = OwnershipTransitions.TakeOver(Pair(), Two.Incarnation, 1, Now);
        var back = OwnershipTransitions.Join(taken, "sip1", One, Now);
        InterfaceOwnership TakeBack() =>
            OwnershipTransitions.TakeOver(back, One.Incarnation, 2, Now.AddSeconds(seconds));
        if (given)
        {
            Assert.Equal("gw1", TakeBack().Lease.Gateway);
        }
        else
        {
            Refused(TakeBack, RefusalKind.Unavailable);
        }
    }

    [Fact]
    public void Takeover_after_a_handover_does_not_wait()
    {
        var moved = OwnershipTransitions.HandOver(Pair(), One.Incarnation, 1, "gw2", Now);
        var back = OwnershipTransitions.Join(moved, "sip1", One, Now);
        Assert.Equal("gw1", OwnershipTransitions.TakeOver(back, One.Incarnation, 2, Now).Lease.Gateway);
    }

    [Fact]
    public void Ask_without_a_standby_or_at_home_is_refused()
    {
        var alone = OwnershipTransitions.Join(null, "sip1", One, Now);
        Refused(() => OwnershipTransitions.Ask(alone, HandoverKind.Drain, "ann", Now), RefusalKind.WrongState);
        Refused(() => OwnershipTransitions.Ask(Pair(), HandoverKind.Failback, "ann", Now), RefusalKind.WrongState);
        var away = OwnershipTransitions.TakeOver(Pair(), Two.Incarnation, 1, Now);
        Refused(() => OwnershipTransitions.Ask(away, HandoverKind.Failback, "ann", Now), RefusalKind.WrongState);
    }

    [Fact]
    public void HandOver_and_Decline_are_the_owners_alone()
    {
        var asked = OwnershipTransitions.Ask(Pair(), HandoverKind.Drain, "ann", Now);
        Assert.Equal(new HandoverOrder(HandoverKind.Drain, null, "ann", Now), asked.Order);
        Refused(
            () => OwnershipTransitions.HandOver(asked, Two.Incarnation, 1, "gw2", Now), RefusalKind.StaleEpoch);
        Refused(() => OwnershipTransitions.Decline(asked, One.Incarnation, 2, "no"), RefusalKind.StaleEpoch);
        Refused(
            () => OwnershipTransitions.HandOver(asked, One.Incarnation, 1, "gw3", Now), RefusalKind.WrongState);
        var declined = OwnershipTransitions.Decline(asked, One.Incarnation, 1, "not heard");
        Assert.Equal("not heard", declined.Order!.Declined);
        Assert.Null(OwnershipTransitions.Ask(declined, HandoverKind.Drain, "ann", Now).Order!.Declined);
    }

    [Fact]
    public void Leave_takes_a_standby_off_the_list_and_no_owner()
    {
        var pair = Pair();
        Assert.Empty(OwnershipTransitions.Leave(pair, Two.Incarnation).Standbys);
        Assert.Same(pair, OwnershipTransitions.Leave(pair, One.Incarnation));
    }

    [Fact]
    public void RankOf_is_the_place_in_line()
    {
        var three = OwnershipTransitions.Join(Pair(), "sip1", Three, Now);
        Assert.Equal(
            [-1, 0, 1],
            new[] { One, Two, Three }.Select(member => three.RankOf(member.Incarnation)));
    }

    private static InterfaceMember Member(string gateway) => new(gateway, Guid.NewGuid(), "127.0.0.1:7946");

    private static InterfaceOwnership Pair() => OwnershipTransitions.Join(
        OwnershipTransitions.Join(null, "sip1", One, Now), "sip1", Two, Now);

    private static RefusalException Refused(Func<InterfaceOwnership> transition, RefusalKind kind)
    {
        var refusal = Assert.Throws<RefusalException>(transition);
        Assert.Equal(kind, refusal.Kind);
        return refusal;
    }
}
