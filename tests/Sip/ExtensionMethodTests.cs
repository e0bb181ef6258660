using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>PRACK, INFO, REFER and Replaces as a recorder answers them (RFC 3262, 6086, 3515, 3891).</summary>
public sealed class ExtensionMethodTests
{
    [Fact]
    public async Task Invite_that_requires_reliable_provisionals_is_taken_and_gets_none_but_100()
    {
        await using var bench = await EngineBench.CreateAsync();
        var answers = bench.Receive(bench.Src.Invite(headers: "Require: siprec, 100rel\r\n"));
        Assert.Equal(["SIP/2.0 100", "SIP/2.0 200"], answers.Select(answer => answer[..11]));
    }

    [Fact]
    public async Task Prack_is_481_because_no_provisional_response_was_reliable()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        var answer = Assert.Single(bench.Receive(bench.Src.Request("PRACK", 2, "RAck: 1 1 INVITE\r\n")));
        Assert.StartsWith("SIP/2.0 481 ", answer, StringComparison.Ordinal);
        Assert.Equal(1, bench.Engine.DialogCount);
    }

    [Theory]
    [InlineData("", null, "", 200)]
    [InlineData("", "application/dtmf-relay", "Signal=5\r\n", 415)]
    [InlineData("Info-Package: foo\r\n", "application/foo", "x", 469)]
    public async Task Info_is_answered_by_what_it_carries(string headers, string? type, string body, int status)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        var answer = Assert.Single(bench.Receive(bench.Src.Request("INFO", 2, headers, type, body)));
        Assert.StartsWith($"SIP/2.0 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 469, answer.Contains("\r\nRecv-Info: \r\n", StringComparison.Ordinal));
        Assert.Equal(1, bench.Engine.DialogCount);
    }

    [Theory]
    [InlineData("REFER", "Refer-To: <sip:other@example.com>\r\n")]
    [InlineData("SUBSCRIBE", "Event: presence\r\n")]
    [InlineData("NOTIFY", "Event: refer\r\n")]
    [InlineData("MESSAGE", "")]
    [InlineData("REGISTER", "")]
    [InlineData("PUBLISH", "")]
    public async Task Method_that_a_recorder_does_not_serve_is_405_and_the_session_lives(string method, string headers)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        var answer = Assert.Single(bench.Receive(bench.Src.Request(method, 2, headers)));
        Assert.StartsWith("SIP/2.0 405 ", answer, StringComparison.Ordinal);
        Assert.Contains(
            "\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(1, bench.Engine.DialogCount);
    }

    [Fact]
    public async Task Replaces_makes_the_new_session_and_then_ends_the_old()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        using var next = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        var sent = bench.Receive(next.Invite(headers: "Require: siprec, replaces\r\n" + Replaces(bench.Src)));
        Assert.Equal(["SIP/2.0 100", "SIP/2.0 200", "BYE sip:src"], sent.Select(one => one[..11]));
        Assert.Contains("Call-ID: " + bench.Src.CallId, sent[2], StringComparison.Ordinal);
        Assert.Equal("d1", bench.Application.Offers.Last().Replaces);
        Assert.Equal(["confirmed d1", "ended d1 Replaced"], bench.Application.Events);
        Assert.Equal(1, bench.Engine.DialogCount);
    }

    [Fact]
    public async Task Replaces_that_the_application_refuses_leaves_the_old_session()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        bench.Application.OnInvite = (_, _) => ValueTask.FromResult(SessionAnswer.Reject(503, "Service Unavailable"));
        using var next = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        bench.Receive(next.Invite(headers: Replaces(bench.Src)));
        Assert.Equal(["confirmed d1"], bench.Application.Events);
    }

    [Theory]
    [InlineData("Replaces: nobody;to-tag=1;from-tag=2\r\n", 481)]
    [InlineData("Replaces: nobody\r\n", 400)]
    [InlineData("Replaces: nobody;to-tag=1\r\n", 400)]
    [InlineData("Replaces: a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2\r\n", 400)]
    [InlineData("Replaces: a;to-tag=1;from-tag=2\r\nReplaces: b;to-tag=1;from-tag=2\r\n", 400)]
    public async Task Replaces_of_nothing_or_of_two_is_refused(string header, int status)
    {
        await using var bench = await EngineBench.CreateAsync();
        var answer = bench.Receive(bench.Src.Invite(headers: header))[^1];
        Assert.StartsWith($"SIP/2.0 {status} ", answer, StringComparison.Ordinal);
        Assert.Empty(bench.Application.Offers);
    }

    [Fact]
    public async Task Replaces_only_if_early_is_486_because_a_session_here_never_is()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        using var next = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        var header = Replaces(bench.Src).TrimEnd() + ";early-only\r\n";
        Assert.StartsWith("SIP/2.0 486 ", bench.Receive(next.Invite(headers: header))[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replaces_by_another_client_is_403_and_the_session_lives()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        using var thief = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        var stranger = bench.Flow with { Remote = System.Net.IPEndPoint.Parse("127.0.0.66:5060") };
        var answer = bench.Receive(thief.Invite(headers: Replaces(bench.Src)), stranger)[^1];
        Assert.StartsWith("SIP/2.0 403 ", answer, StringComparison.Ordinal);
        Assert.Equal(["confirmed d1"], bench.Application.Events);
    }

    private static string Replaces(FakeSrc old) =>
        $"Replaces: {old.CallId};to-tag={old.ToTag};from-tag={old.FromTag}\r\n";
}
