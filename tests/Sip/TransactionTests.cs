using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>The timers of RFC 3261 §17 and §13.3.1.4 at their default values, on a clock that only the test moves.</summary>
public sealed class TransactionTests
{
    private static readonly TimeSpan T1 = TimeSpan.FromMilliseconds(500);
    private static readonly int[] Backoff =
        [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

    [Fact]
    public async Task Invite_again_before_the_answer_gets_100_again_and_asks_once()
    {
        await using var bench = await EngineBench.CreateAsync();
        var decided = new TaskCompletionSource<SessionAnswer>();
        bench.Application.OnInvite = (_, _) => new ValueTask<SessionAnswer>(decided.Task);
        var invite = bench.Src.Invite();
        Assert.StartsWith("SIP/2.0 100 ", Assert.Single(bench.Receive(invite)), StringComparison.Ordinal);
        Assert.StartsWith("SIP/2.0 100 ", Assert.Single(bench.Receive(invite)), StringComparison.Ordinal);
        Assert.Single(bench.Application.Offers);
        Assert.Equal(1, bench.Engine.Retransmissions);
        decided.SetResult(SessionAnswer.Reject(486, "Busy Here"));
        await bench.PumpUntilAsync(() => bench.Sent.Count == 3, "the final response");
        Assert.Equal(bench.Sent[2].Text, Assert.Single(bench.Receive(invite)));
    }

    [Fact]
    public async Task Failure_is_resent_until_its_ack()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.OnInvite = (_, _) => ValueTask.FromResult(SessionAnswer.Reject(486, "Busy Here"));
        var invite = bench.Src.Invite();
        bench.Src.ToTag = FakeSrc.TagOf(bench.Receive(invite)[^1]);
        bench.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal([500, 1_500, 3_500, 7_500], bench.TimesOf("SIP/2.0 486", TimeSpan.Zero));

        bench.Receive(bench.Src.Request("ACK", 1, branch: BranchOf(invite)));
        bench.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(1, bench.Engine.TransactionCount);
        Assert.Empty(bench.Receive(invite));
        bench.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(0, bench.Engine.TransactionCount);
        Assert.Equal(4, bench.TimesOf("SIP/2.0 486", TimeSpan.Zero).Length);
    }

    [Fact]
    public async Task Failure_without_ack_is_resent_with_g_and_given_up_with_h()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.OnInvite = (_, _) => ValueTask.FromResult(SessionAnswer.Reject(486, "Busy Here"));
        bench.Receive(bench.Src.Invite());
        bench.Advance(T1 * 64);
        Assert.Equal(Backoff, bench.TimesOf("SIP/2.0 486", TimeSpan.Zero));
        Assert.Equal(0, bench.Engine.TransactionCount);
    }

    [Fact]
    public async Task Failure_over_tcp_is_sent_once()
    {
        await using var bench = await EngineBench.CreateAsync(SipTransportKind.Tcp);
        bench.Application.OnInvite = (_, _) => ValueTask.FromResult(SessionAnswer.Reject(486, "Busy Here"));
        bench.Receive(bench.Src.Invite());
        bench.Advance(T1 * 65);
        Assert.Empty(bench.TimesOf("SIP/2.0 486", TimeSpan.Zero));
        Assert.Equal(2, bench.Sent.Count);
    }

    [Theory]
    [InlineData(SipTransportKind.Udp)]
    [InlineData(SipTransportKind.Tcp)]
    public async Task Ok_is_resent_until_ack_then_no_more(SipTransportKind kind)
    {
        await using var bench = await EngineBench.CreateAsync(kind);
        bench.Establish(acknowledge: false);
        bench.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal([500, 1_500, 3_500, 7_500], bench.TimesOf("SIP/2.0 200", TimeSpan.Zero));
        Assert.Empty(bench.Application.Events);
        bench.Receive(bench.Src.Request("ACK", 1));
        bench.Receive(bench.Src.Request("ACK", 1));
        bench.Advance(T1 * 64);
        Assert.Equal(4, bench.TimesOf("SIP/2.0 200", TimeSpan.Zero).Length);
        Assert.Equal(["confirmed d1"], bench.Application.Events);
        Assert.Equal(1, bench.Engine.DialogCount);
    }

    [Fact]
    public async Task Ok_without_ack_ends_after_64_t1_with_bye_resent_with_e_and_given_up_with_f()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(acknowledge: false);
        bench.Advance((T1 * 64) - TimeSpan.FromMilliseconds(100));
        Assert.Equal(Backoff, bench.TimesOf("SIP/2.0 200", TimeSpan.Zero));
        Assert.Empty(bench.Application.Events);
        bench.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(["ended d1 NoAck"], bench.Application.Events);
        Assert.Equal(0, bench.Engine.DialogCount);

        var from = bench.Now;
        Assert.StartsWith("BYE ", bench.Sent[^1].Text, StringComparison.Ordinal);
        bench.Advance(T1 * 64);
        Assert.Equal(Backoff, bench.TimesOf("BYE ", from));
        bench.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, bench.Engine.TransactionCount);
    }

    [Fact]
    public async Task Bye_of_ours_with_a_provisional_answer_is_resent_every_t2_until_the_final()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        var answers = new List<bool>();
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, answers.Add);
        var bye = bench.Sent[^1].Text;
        bench.Receive(EngineBench.Answer(bye, 100));
        bench.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal([500, 4_500, 8_500], bench.TimesOf("BYE ", TimeSpan.Zero));
        Assert.Empty(answers);
        bench.Receive(EngineBench.Answer(bye, 481));
        bench.Receive(EngineBench.Answer(bye, 481));
        bench.Advance(T1 * 64);
        Assert.Equal([true], answers);
        Assert.Equal(3, bench.TimesOf("BYE ", TimeSpan.Zero).Length);
    }

    [Fact]
    public async Task Bye_again_gets_the_same_200_until_timer_j()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        var bye = bench.Src.Request("BYE", 2);
        var ok = Assert.Single(bench.Receive(bye));
        bench.Advance((T1 * 64) - TimeSpan.FromMilliseconds(100));
        Assert.Equal(ok, Assert.Single(bench.Receive(bye)));
        bench.Advance(TimeSpan.FromMilliseconds(100));
        Assert.StartsWith("SIP/2.0 481 ", Assert.Single(bench.Receive(bye)), StringComparison.Ordinal);
        Assert.Equal(["confirmed d1", "ended d1 Bye"], bench.Application.Events);
    }

    [Fact]
    public async Task Same_request_over_two_paths_is_482()
    {
        await using var bench = await EngineBench.CreateAsync();
        var invite = bench.Src.Invite();
        bench.Receive(invite);
        var copy = invite.Replace(BranchOf(invite), "z9hG4bKother", StringComparison.Ordinal);
        Assert.StartsWith("SIP/2.0 482 ", Assert.Single(bench.Receive(copy)), StringComparison.Ordinal);
        Assert.Single(bench.Application.Offers);
        Assert.Equal(SipRefusalReason.Merged, Assert.Single(bench.Application.Refusals).Reason);
    }

    [Fact]
    public async Task Timer_that_throws_is_reported_and_the_next_one_fires()
    {
        await using var bench = await EngineBench.CreateAsync();
        var fired = false;
        _ = bench.Engine.Timers.Start(T1, () => throw new InvalidOperationException("broken"));
        _ = bench.Engine.Timers.Start(T1, () => fired = true);
        bench.Advance(T1);
        Assert.True(fired);
        Assert.Equal(["work: broken"], bench.Log.Lines);
    }

    private static string BranchOf(string request) => request.Split("branch=")[1].Split(';')[0];
}
