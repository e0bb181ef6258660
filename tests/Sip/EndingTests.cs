using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>How sessions end, and where our BYE goes.</summary>
public sealed class EndingTests
{
    [Fact]
    public async Task Cancel_is_200_and_487_and_a_late_accept_ends_once()
    {
        await using var bench = await EngineBench.CreateAsync();
        var decided = new TaskCompletionSource<SessionAnswer>();
        var token = CancellationToken.None;
        bench.Application.OnInvite = (_, cancellation) =>
        {
            token = cancellation;
            return new ValueTask<SessionAnswer>(decided.Task);
        };
        var invite = bench.Src.Invite();
        bench.Receive(invite);
        var branch = invite.Split("branch=")[1].Split(';')[0];
        var answers = bench.Receive(bench.Src.Request("CANCEL", 1, branch: branch));
        Assert.Equal(["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"], answers.Select(FirstLine));
        Assert.True(token.IsCancellationRequested);

        decided.SetResult(SessionAnswer.Accept("late", [new MediaAnswer(30_000), new MediaAnswer(30_002)]));
        await bench.PumpUntilAsync(() => !bench.Application.Events.IsEmpty, "OnEnded");
        Assert.Equal(["ended late Cancel"], bench.Application.Events);
        Assert.Equal(0, bench.Engine.DialogCount);
    }

    [Fact]
    public async Task Cancel_of_nothing_is_481()
    {
        await using var bench = await EngineBench.CreateAsync();
        Assert.Equal(
            "SIP/2.0 481 Call/Transaction Does Not Exist", FirstLine(bench.Receive(bench.Src.Request("CANCEL", 1))[0]));
    }

    [Fact]
    public async Task Hang_up_before_ack_ends_once_and_sends_bye_after_ack()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(acknowledge: false);
        var answers = new List<bool>();
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, answers.Add);
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, answers.Add);
        Assert.Equal(["ended d1 LocalBye"], bench.Application.Events);
        Assert.Empty(bench.TimesOf("BYE ", TimeSpan.FromTicks(-1)));

        var bye = Assert.Single(bench.Receive(bench.Src.Request("ACK", 1)));
        Assert.StartsWith("BYE ", bye, StringComparison.Ordinal);
        Assert.Empty(answers);
        bench.Receive(EngineBench.Answer(bye, 200));
        Assert.Equal([true, true], answers);
        Assert.Equal(["ended d1 LocalBye"], bench.Application.Events);
    }

    [Fact]
    public async Task Hang_up_without_ack_sends_bye_after_64_t1_and_ends_once()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(acknowledge: false);
        var answers = new List<bool>();
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, answers.Add);
        bench.Advance(TimeSpan.FromSeconds(32));
        Assert.StartsWith("BYE ", bench.Sent[^1].Text, StringComparison.Ordinal);
        bench.Advance(TimeSpan.FromSeconds(32));
        Assert.Equal([false], answers);
        Assert.Equal(["ended d1 LocalBye"], bench.Application.Events);
    }

    [Fact]
    public async Task Bye_of_the_client_before_ack_answers_a_waiting_hang_up()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(acknowledge: false);
        var answers = new List<bool>();
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, answers.Add);
        Assert.Equal("SIP/2.0 200 OK", FirstLine(Assert.Single(bench.Receive(bench.Src.Request("BYE", 2)))));
        Assert.Equal([true], answers);
        Assert.Equal(0, bench.Engine.DialogCount);
        Assert.Equal(["ended d1 LocalBye"], bench.Application.Events);
    }

    [Fact]
    public async Task Bye_of_the_client_crossing_ours_is_answered_and_neither_hangs()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        var answers = new List<bool>();
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, answers.Add);
        var bye = bench.Sent[^1].Text;
        Assert.StartsWith("SIP/2.0 481 ", bench.Receive(bench.Src.Request("BYE", 2))[0], StringComparison.Ordinal);
        bench.Receive(EngineBench.Answer(bye, 481));
        Assert.Equal([true], answers);
        Assert.Equal(["confirmed d1", "ended d1 LocalBye"], bench.Application.Events);
    }

    [Fact]
    public async Task Session_timer_that_runs_out_ends_with_bye()
    {
        await using var bench = await EngineBench.CreateAsync();
        const string Timer = "Require: siprec\r\nSupported: timer\r\nSession-Expires: 90\r\n";
        var ok = bench.Establish(bench.Src.Invite(headers: Timer));
        Assert.Contains("Session-Expires: 90;refresher=uac\r\n", ok, StringComparison.Ordinal);
        bench.Advance(TimeSpan.FromSeconds(50));
        var refresh = bench.Receive(bench.Src.Request("UPDATE", 2, Timer));
        Assert.Equal("SIP/2.0 200 OK", FirstLine(Assert.Single(refresh)));

        // 90 s less a third.
        bench.Advance(TimeSpan.FromSeconds(59.9));
        Assert.Equal(["confirmed d1"], bench.Application.Events);
        bench.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(["confirmed d1", "ended d1 SessionTimeout"], bench.Application.Events);
        Assert.StartsWith("BYE ", bench.Sent[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_withdraws_invites_and_ends_sessions_and_says_when_all_is_done()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        using var other = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        var decided = new TaskCompletionSource<SessionAnswer>();
        bench.Application.OnInvite = (_, _) => new ValueTask<SessionAnswer>(decided.Task);
        bench.Receive(other.Invite());
        var stopped = 0;
        var before = bench.Sent.Count;
        bench.Engine.Stop(() => stopped++);
        var sent = bench.Sent.Skip(before).Select(one => one.Text).ToArray();
        Assert.Equal("SIP/2.0 503 Service Unavailable", FirstLine(sent[0]));
        bench.Receive(EngineBench.Answer(sent[1], 200));
        Assert.Equal(0, stopped);

        decided.SetResult(SessionAnswer.Accept("late", [new MediaAnswer(30_000), new MediaAnswer(30_002)]));
        await bench.PumpUntilAsync(() => stopped > 0, "the stop");
        Assert.Equal(["confirmed d1", "ended d1 Shutdown", "ended late Shutdown"], bench.Application.Events);
        using var third = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        Assert.StartsWith("SIP/2.0 503 ", bench.Receive(third.Invite())[0], StringComparison.Ordinal);
        bench.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(1, stopped);
    }

    [Fact]
    public async Task Stop_that_waits_no_longer_sends_the_bye_that_had_no_ack()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(acknowledge: false);
        bench.Engine.Stop(() => Assert.Fail("the ACK is missing"));
        Assert.Empty(bench.TimesOf("BYE ", TimeSpan.FromTicks(-1)));
        bench.Engine.Abandon();
        Assert.Single(bench.TimesOf("BYE ", TimeSpan.FromTicks(-1)));
        Assert.Equal(["ended d1 Shutdown"], bench.Application.Events);
    }

    [Theory]
    [InlineData("<sip:src@127.0.0.9:5099>", "", "127.0.0.9:5099")]
    [InlineData("<sip:src@127.0.0.9>", "", "127.0.0.9:5060")]
    [InlineData("<sip:src@127.0.0.9:5099>", "<sip:127.0.0.8:5088;lr>", "127.0.0.8:5088")]
    [InlineData("<sip:src@127.0.0.9:5099>", "<sip:proxy.example.com;lr>", "source")]
    [InlineData("<sip:src.example.com>", "", "source")]
    [InlineData("<sip:src@0.0.0.0:5099>", "", "source")]
    [InlineData("<sip:src@224.0.0.1:5099>", "", "source")]
    [InlineData("<sip:src@[::1]:5099>", "", "source")]
    [InlineData("<sip:src@127.0.0.9:5099;transport=tcp>", "", "source")]
    public async Task Bye_over_udp_goes_to_route_or_target_or_else_the_source(string contact, string route, string to)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(WithContact(bench, contact, route));
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, _ => { });
        var (bye, remote, _) = bench.Sent[^1];
        Assert.Equal(to == "source" ? bench.Src.Local.ToString() : to, remote.ToString());
        Assert.StartsWith($"BYE {contact.Trim('<', '>')} SIP/2.0\r\n", bye, StringComparison.Ordinal);
        Assert.Equal(route.Length > 0, bye.Contains($"Route: {route}\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bye_through_a_strict_router_has_its_uri_and_the_target_as_last_route()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(WithContact(bench, "<sip:src@127.0.0.9>", "<sip:127.0.0.8:5088>, <sip:127.0.0.7;lr>"));
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, _ => { });
        var (bye, remote, _) = bench.Sent[^1];
        Assert.Equal("127.0.0.8:5088", remote.ToString());
        Assert.StartsWith("BYE sip:127.0.0.8:5088 SIP/2.0\r\n", bye, StringComparison.Ordinal);
        Assert.Contains(
            "Route: <sip:127.0.0.7;lr>\r\nRoute: <sip:src@127.0.0.9>\r\n", bye, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bye_over_tcp_uses_the_connection_and_a_dead_one_is_no_answer()
    {
        await using var bench = await EngineBench.CreateAsync(SipTransportKind.Tcp);
        bench.Establish(WithContact(bench, "<sip:src@127.0.0.9:5099>", ""));
        bench.IsDeaf = true;
        var answers = new List<bool>();
        bench.Engine.HangUp("d1", SessionEnd.LocalBye, answers.Add);
        Assert.Equal(bench.Src.Local, bench.Sent[^1].Remote);
        Assert.Equal([false], answers);
        Assert.Equal(["confirmed d1", "ended d1 LocalBye"], bench.Application.Events);
    }

    private static string WithContact(EngineBench bench, string contact, string route) =>
        bench.Src.Invite(headers: "Require: siprec\r\n" + (route.Length > 0 ? $"Record-Route: {route}\r\n" : ""))
            .Replace($"<sip:src@{bench.Src.Local}>", contact, StringComparison.Ordinal);

    private static string FirstLine(string message) => message.Split("\r\n")[0];
}
