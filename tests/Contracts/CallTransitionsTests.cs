using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;

namespace Talreg.Contracts.Tests;

public sealed class CallTransitionsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly CallId Call = CallId.New(Start);

    [Fact]
    public void Admit_first_makes_an_active_call_with_sorted_flags()
    {
        var call = CallTransitions.Admit(null, Admitted(flags: ["packetsLost", "autonomous"]));
        Assert.Equal(CallState.Active, call.State);
        Assert.Null(call.EndedAt);
        Assert.Equal(["autonomous", "packetsLost"], call.Flags);
        Assert.Equal(Start, call.StartedAt);
        Assert.Empty(call.Takes);
    }

    [Fact]
    public void Admit_never_makes_a_call_that_is_over()
    {
        var call = CallTransitions.Admit(null, Admitted(VerdictKind.Never));
        Assert.Equal(CallState.NotRecorded, call.State);
        Assert.Equal(Start, call.EndedAt);
    }

    [Fact]
    public void Admit_second_session_merges_what_it_knows()
    {
        var first = CallTransitions.Admit(null, Admitted());
        var alice = new Participant { Id = "p2", Aor = "sip:alice@atlanta.com" };
        var second = Admitted(VerdictKind.OnDemand) with
        {
            Channels = ["sip2/200"], Participants = [alice], Flags = [CallFlags.Autonomous],
        };
        var merged = CallTransitions.Admit(first, second);
        Assert.Equal(["sip1/100", "sip2/200"], merged.Channels);
        Assert.Equal(["p1", "p2"], merged.Participants.Select(participant => participant.Id));
        Assert.Equal([VerdictKind.Record, VerdictKind.OnDemand], merged.Verdicts.Select(verdict => verdict.Kind));
        Assert.Equal([CallFlags.Autonomous], merged.Flags);
    }

    [Fact]
    public void Admit_the_same_again_changes_nothing()
    {
        var call = CallTransitions.Admit(null, Admitted());
        Assert.Same(call, CallTransitions.Admit(call, Admitted()));
    }

    [Fact]
    public void Start_after_the_end_makes_the_call_active_again()
    {
        var take = Take();
        var over = CallTransitions.Seal(CallTransitions.Admit(null, Admitted()), Sealed(take, 1));
        var again = CallTransitions.Start(over, new TakeStarted(Take(), Start));
        Assert.Equal(CallState.Sealed, over.State);
        Assert.Equal(CallState.Active, again.State);
        Assert.Null(again.EndedAt);
        Assert.Null(again.EndReason);
        Assert.Equal(2, again.Takes.Count);
    }

    [Fact]
    public void Change_replaces_a_live_take_and_leaves_a_sealed_one()
    {
        var (one, two) = (Take(), Take());
        var call = CallTransitions.Seal(Started(one, two), Sealed(one, 4));
        call = CallTransitions.Change(call, new TakeChanged(one with { Epoch = 9 }, [], ["noMedia", "autonomous"]));
        call = CallTransitions.Change(call, new TakeChanged(two with { Epoch = 9 }, [], []));
        Assert.Equal([1, 9], call.Takes.Select(take => take.Epoch));
        Assert.Equal(["autonomous", "noMedia"], call.Flags);
    }

    [Fact]
    public void Seal_of_one_of_two_takes_leaves_the_call_active()
    {
        var (one, two) = (Take(), Take());
        var call = CallTransitions.Seal(Started(one, two), Sealed(one, 4));
        Assert.Equal(CallState.Active, call.State);
        Assert.Null(call.EndedAt);
        Assert.Equal(new EvidenceDocument(4, 5), call.Evidence);
        Assert.Equal([4L, null], call.Takes.Select(take => take.Leaf));
    }

    [Fact]
    public void Seal_of_the_last_take_seals_the_call()
    {
        var (one, two) = (Take(), Take());
        var call = CallTransitions.Seal(Started(one, two), Sealed(one, 4));
        call = CallTransitions.Seal(call, Sealed(two, 7));
        Assert.Equal(CallState.Sealed, call.State);
        Assert.Equal(Start.AddMinutes(1), call.EndedAt);
        Assert.Equal(EndReason.Bye, call.EndReason);
        Assert.Equal(new EvidenceDocument(7, 8), call.Evidence);
    }

    [Fact]
    public void Seal_twice_keeps_one_take()
    {
        var take = Take();
        var once = CallTransitions.Seal(Started(take), Sealed(take, 4));
        var twice = CallTransitions.Seal(once, Sealed(take, 4));
        Assert.Equal(once.Takes, twice.Takes);
        Assert.Equal(CallState.Sealed, twice.State);
        Assert.Equal(once.EndedAt, twice.EndedAt);
    }

    [Theory]
    [InlineData(VerdictKind.OnDemand, CallCommand.Start, TakeDesire.Record)]
    [InlineData(VerdictKind.OnDemand, CallCommand.Stop, TakeDesire.Stop)]
    [InlineData(VerdictKind.OnDemand, CallCommand.Pause, TakeDesire.Pause)]
    [InlineData(VerdictKind.OnDemand, CallCommand.Resume, TakeDesire.Record)]
    [InlineData(VerdictKind.Record, CallCommand.Pause, TakeDesire.Pause)]
    [InlineData(VerdictKind.Record, CallCommand.Resume, TakeDesire.Record)]
    public void Stand_allowed_command_gives_the_desire(VerdictKind kind, CallCommand command, TakeDesire desire) =>
        Assert.Equal(desire, Desired(CallTransitions.Admit(null, Admitted(kind)), command));

    [Theory]
    [InlineData(VerdictKind.Record, CallCommand.Start)]
    [InlineData(VerdictKind.Record, CallCommand.Stop)]
    [InlineData(VerdictKind.Never, CallCommand.Start)]
    [InlineData(VerdictKind.Never, CallCommand.Pause)]
    public void Stand_command_the_verdict_forbids_is_refused(VerdictKind kind, CallCommand command)
    {
        var call = CallTransitions.Admit(null, Admitted(kind));
        var refusal = Assert.Throws<RefusalException>(() => Desired(call, command));
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Contains(CallTransitions.Word(command), refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CallState.Sealed)]
    [InlineData(CallState.Archived)]
    [InlineData(CallState.Erased)]
    [InlineData(CallState.Failed)]
    [InlineData(CallState.NotRecorded)]
    public void Stand_on_a_call_that_is_over_refuses_every_command(CallState state)
    {
        var call = CallTransitions.Admit(null, Admitted(VerdictKind.OnDemand)) with { State = state };
        Assert.All(Enum.GetValues<CallCommand>(), command => Assert.Equal(
            RefusalKind.WrongState,
            Assert.Throws<RefusalException>(() => Desired(call, command)).Kind));
    }

    [Fact]
    public void Command_start_and_stop_are_verdicts_and_a_pause_is_none()
    {
        var call = CallTransitions.Admit(null, Admitted(VerdictKind.OnDemand));
        call = CallTransitions.Command(call, CallCommand.Pause, "ann", null, Start);
        Assert.Single(call.Verdicts);
        call = CallTransitions.Command(call, CallCommand.Start, "ann", null, Start.AddSeconds(5));
        Assert.Equal(VerdictKind.Record, call.Verdicts[^1].Kind);
        Assert.Equal("start by ann", call.Verdicts[^1].Reason);
        Assert.Equal(TakeDesire.Stop, Desired(call, CallCommand.Stop));
    }

    [Theory]
    [InlineData(CallCommand.Start, TimelineChange.RecordingStarted)]
    [InlineData(CallCommand.Stop, TimelineChange.RecordingStopped)]
    [InlineData(CallCommand.Pause, TimelineChange.RecordingPaused)]
    [InlineData(CallCommand.Resume, TimelineChange.RecordingResumed)]
    public void Command_stands_on_the_timeline_with_its_actor_and_reason(CallCommand command, TimelineChange change)
    {
        var call = CallTransitions.Admit(null, Admitted(VerdictKind.OnDemand));
        call = CallTransitions.Command(call, command, "ann", "card payment", Start.AddSeconds(5));
        var entry = Assert.Single(call.Timeline);
        Assert.Equal((change, "ann", "card payment"), (entry.Change, entry.Actor, entry.Reason));
        Assert.Equal((Start.AddSeconds(5), "", ""), (entry.At, entry.Participant, entry.Label));
    }

    [Fact]
    public void Command_of_digits_stands_on_the_timeline_and_leaves_recording_as_it_is()
    {
        var call = CallTransitions.Admit(null, Admitted());
        var paused = new CallStanding(TakeDesire.Pause, DigitsSuppressed: false);
        var standing = CallTransitions.Stand(call, paused, CallCommand.SuppressDigits);
        Assert.Equal(new CallStanding(TakeDesire.Pause, DigitsSuppressed: true), standing);
        Assert.Equal(paused, CallTransitions.Stand(call, standing, CallCommand.AllowDigits));
        call = CallTransitions.Command(call, CallCommand.SuppressDigits, "ann", "card", Start);
        call = CallTransitions.Command(call, CallCommand.AllowDigits, "ann", null, Start.AddSeconds(9));
        Assert.Equal(
            [(TimelineChange.DigitsSuppressed, "ann", "card"), (TimelineChange.DigitsAllowed, "ann", null)],
            call.Timeline.Select(entry => (entry.Change, entry.Actor, entry.Reason)));
        Assert.Single(call.Verdicts);
    }

    [Fact]
    public void Command_of_digits_is_taken_from_a_call_that_has_no_room_left()
    {
        var full = CallTransitions.Admit(null, Admitted());
        full = full with
        {
            Verdicts = [.. Enumerable.Repeat(full.Verdicts[0], CallTransitions.MaxVerdicts)],
            Timeline =
            [
                .. Enumerable.Repeat(
                    new TimelineEntry(Start, "p", TimelineChange.Joined, ""), CallTransitions.MaxFacts),
            ],
        };
        Assert.True(
            CallTransitions.Stand(full, CallStanding.AsAdmitted, CallCommand.SuppressDigits).DigitsSuppressed);
        var after = CallTransitions.Command(full, CallCommand.SuppressDigits, "ann", null, Start);
        Assert.Equal(CallTransitions.MaxFacts, after.Timeline.Count);
        Assert.Contains(CallFlags.TimelineCut, after.Flags);
    }

    [Fact]
    public void Admit_with_a_verdict_that_suppresses_digits_says_so_on_the_timeline()
    {
        var admitted = Admitted();
        admitted = admitted with { Verdict = admitted.Verdict with { Digits = DigitHandling.Suppress } };
        var entry = Assert.Single(CallTransitions.Admit(null, admitted).Timeline);
        Assert.Equal((TimelineChange.DigitsSuppressed, "rule all", Start), (entry.Change, entry.Actor, entry.At));
    }

    [Fact]
    public void CallId_text_reads_back()
    {
        Assert.True(CallId.TryParse(Call.ToString(), out var read));
        Assert.Equal(Call, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("call")]
    [InlineData("{0198f0a0-0000-7000-8000-000000000000}")]
    [InlineData("0198f0a0000070008000000000000000")]
    [InlineData("0198f0a0-0000-7000-8000-00000000000")]
    public void CallId_that_is_none_is_not_read(string? text) => Assert.False(CallId.TryParse(text, out _));

    private static TakeDesire Desired(CallDocument call, CallCommand command) =>
        CallTransitions.Stand(call, CallStanding.AsAdmitted, command).Desire;

    private static CallDocument Started(params TakeDocument[] takes) => takes.Aggregate(
        CallTransitions.Admit(null, Admitted()),
        (call, take) => CallTransitions.Start(call, new TakeStarted(take, Start)));

    private static TakeDocument Take() =>
        new() { Id = TakeId.New(Start), Gateway = "gw1", Epoch = 1, Streams = [] };

    private static TakeSealed Sealed(TakeDocument take, long leaf) => new(
        take with { Sealed = true },
        Start.AddMinutes(1),
        EndReason.Bye,
        [],
        new LedgerReceipt(leaf, leaf + 1),
        Admitted());

    private static CallAdmitted Admitted(VerdictKind kind = VerdictKind.Record, params string[] flags) => new(
        Call,
        "default",
        "session",
        ["sip1/100"],
        Start,
        new Verdict
        {
            At = Start, Kind = kind, Policy = "default", Version = 1, Rule = "all", Reason = "all calls",
            Autonomous = false, Retention = TimeSpan.FromDays(1), Purpose = "test",
        },
        [new Participant { Id = "p1", Aor = "sip:bob@biloxi.com" }],
        flags);
}
