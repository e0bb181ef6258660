using System.Net;
using Talreg.Sip.Access;
using Talreg.TestKit;

namespace Talreg.Sip.Tests.Abuse;

/// <summary>
/// Floods, forgeries and loops. Of each: what is kept stays bounded, the attempt is counted, and a session that was
/// there
/// before goes on and ends in order.
/// </summary>
public sealed class SignallingTests
{
    private static readonly SipLimits Small = new() { MaxTransactions = 50, MaxDialogs = 10 };

    [Fact]
    public async Task Invite_flood_is_503_beyond_the_most_sessions()
    {
        await using var bench = await StartAsync();
        var answers = await FloodAsync(bench, 200, src => src.Invite());
        Assert.Contains(answers, answer => answer.StartsWith("SIP/2.0 503 ", StringComparison.Ordinal));
        Assert.True(bench.Engine.DialogCount <= Small.MaxDialogs);
        await AssertSoundAsync(bench);
    }

    [Theory]
    [InlineData("OPTIONS")]
    [InlineData("REGISTER")]
    [InlineData("SUBSCRIBE")]
    public async Task Flood_of_requests_keeps_no_more_than_the_most_transactions(string method)
    {
        await using var bench = await StartAsync();
        var answers = await FloodAsync(bench, 500, src => src.Request(method, 1));
        Assert.Contains(answers, answer => answer.StartsWith("SIP/2.0 503 ", StringComparison.Ordinal));
        Assert.True(bench.Engine.TransactionCount <= Small.MaxTransactions + Small.MaxDialogs);
        Assert.True(bench.Application.Refusals.Count(one => one.Reason == SipRefusalReason.LimitReached) > 100);
        await AssertSoundAsync(bench);
    }

    [Fact]
    public async Task Ack_flood_keeps_nothing()
    {
        await using var bench = await StartAsync();
        var before = bench.Engine.TransactionCount;
        Assert.Empty(await FloodAsync(bench, 500, src => src.Request("ACK", 1)));
        Assert.Equal(before, bench.Engine.TransactionCount);
        await AssertSoundAsync(bench);
    }

    [Fact]
    public async Task Response_flood_keeps_nothing_and_is_counted()
    {
        await using var bench = await StartAsync();
        Assert.Empty(await FloodAsync(bench, 500, src => EngineBench.Answer(src.Request("BYE", 1), 200)));
        Assert.Equal(500, bench.Application.Refusals.Count(one => one.Reason == SipRefusalReason.StrayResponse));
        await AssertSoundAsync(bench);
    }

    [Theory]
    [InlineData("BYE")]
    [InlineData("INVITE")]
    [InlineData("UPDATE")]
    [InlineData("INFO")]
    public async Task Forged_request_with_guessed_tags_is_481(string method)
    {
        await using var bench = await StartAsync();
        var tag = bench.Src.ToTag;
        bench.Src.ToTag = "0123456789abcdef";
        var answer = bench.Receive(bench.Src.Request(method, 2))[^1];
        bench.Src.ToTag = tag;
        Assert.StartsWith("SIP/2.0 481 ", answer, StringComparison.Ordinal);
        await AssertSoundAsync(bench, SipRefusalReason.NoSuchDialog);
    }

    [Theory]
    [InlineData("BYE")]
    [InlineData("INVITE")]
    [InlineData("UPDATE")]
    public async Task Forged_request_with_the_right_tags_from_elsewhere_is_403(string method)
    {
        await using var bench = await StartAsync();
        var stranger = bench.Flow with { Remote = IPEndPoint.Parse("127.0.0.66:5060") };
        var answer = bench.Receive(bench.Src.Request(method, 2), stranger)[^1];
        Assert.StartsWith("SIP/2.0 403 ", answer, StringComparison.Ordinal);
        await AssertSoundAsync(bench, SipRefusalReason.SourceNotAllowed);
    }

    [Fact]
    public async Task Forged_cancel_with_a_guessed_branch_is_481()
    {
        await using var bench = await StartAsync();
        Assert.StartsWith("SIP/2.0 481 ", bench.Receive(bench.Src.Request("CANCEL", 1))[0], StringComparison.Ordinal);
        await AssertSoundAsync(bench, SipRefusalReason.NoSuchDialog);
    }

    [Theory]
    [InlineData("2147483648", 400)]
    [InlineData("4294967296", 400)]
    [InlineData("99999999999999999999", 400)]
    [InlineData("1", 500)]
    [InlineData("0", 500)]
    public async Task Cseq_beyond_31_bits_or_used_before_is_refused(string cseq, int status)
    {
        await using var bench = await StartAsync();
        var request = bench.Src.Request("UPDATE", 7)
            .Replace("CSeq: 7 ", $"CSeq: {cseq} ", StringComparison.Ordinal);
        Assert.StartsWith($"SIP/2.0 {status} ", bench.Receive(request)[^1], StringComparison.Ordinal);
        await AssertSoundAsync(bench, status == 400 ? SipRefusalReason.Malformed : SipRefusalReason.OutOfOrder);
    }

    [Fact]
    public async Task Cseq_at_its_end_leaves_only_that_client_without_requests()
    {
        await using var bench = await StartAsync();
        Assert.StartsWith(
            "SIP/2.0 200 ", bench.Receive(bench.Src.Request("UPDATE", int.MaxValue))[^1], StringComparison.Ordinal);
        Assert.StartsWith(
            "SIP/2.0 500 ", bench.Receive(bench.Src.Request("UPDATE", 3))[^1], StringComparison.Ordinal);
        using var neighbour = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(neighbour.Invite())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loop_of_one_request_over_other_paths_is_482()
    {
        await using var bench = await StartAsync();
        using var looping = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        var invite = looping.Invite();
        var branch = invite.Split("branch=")[1].Split(';')[0];
        bench.Receive(invite);
        for (var i = 0; i < 20; i++)
        {
            var copy = invite.Replace(branch, "z9hG4bKloop" + i, StringComparison.Ordinal);
            Assert.StartsWith("SIP/2.0 482 ", bench.Receive(copy)[0], StringComparison.Ordinal);
        }

        await AssertSoundAsync(bench, SipRefusalReason.Merged);
    }

    [Fact]
    public async Task Loop_through_a_hundred_proxies_is_answered_once()
    {
        await using var bench = await StartAsync();
        var vias = string.Concat(Enumerable.Range(0, 100).Select(i =>
            $"Via: SIP/2.0/UDP p{i}.example.com;branch=z9hG4bKp{i}\r\n"));
        Assert.Single(bench.Receive(bench.Src.Request("OPTIONS", 7, vias)));
        await AssertSoundAsync(bench);
    }

    [Theory]
    [InlineData("REGISTER")]
    [InlineData("MESSAGE")]
    [InlineData("PUBLISH")]
    [InlineData("REFER")]
    public async Task Method_that_needs_authority_is_405_outside_of_sessions(string method)
    {
        await using var bench = await StartAsync();
        using var other = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        Assert.StartsWith("SIP/2.0 405 ", bench.Receive(other.Request(method, 1))[0], StringComparison.Ordinal);
        await AssertSoundAsync(bench, SipRefusalReason.MethodNotAllowed);
    }

    [Fact]
    public async Task Rogue_recording_client_is_403_and_keeps_nothing()
    {
        await using var bench = await StartAsync(options => options with
        {
            Access = new SipAccess
            {
                Peers = [new SipPeer { Name = "sbc1", Networks = [IPNetwork.Parse("127.0.0.1/32")] }],
            },
        });
        using var rogue = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        var before = bench.Engine.TransactionCount;
        for (var i = 0; i < 200; i++)
        {
            var stranger = bench.Flow with { Remote = IPEndPoint.Parse($"127.0.1.{i + 1}:5060") };
            var answer = bench.Receive(rogue.Invite(i + 1), stranger)[0];
            Assert.StartsWith("SIP/2.0 403 ", answer, StringComparison.Ordinal);
        }

        Assert.Equal(before, bench.Engine.TransactionCount);
        await AssertSoundAsync(bench, SipRefusalReason.SourceNotAllowed);
    }

    [Fact]
    public async Task Recording_id_used_by_another_session_makes_a_session_of_its_own()
    {
        await using var bench = await StartAsync();
        using var other = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(other.Invite())[^1], StringComparison.Ordinal);
        Assert.Equal(2, bench.Engine.DialogCount);
        await AssertSoundAsync(bench);
    }

    [Fact]
    public async Task Call_id_and_tag_of_another_session_give_a_dialog_with_another_tag_of_ours()
    {
        await using var bench = await StartAsync();
        var tag = bench.Src.ToTag;
        bench.Src.ToTag = null;
        var ok = bench.Receive(bench.Src.Invite(cseq: 9))[^1];
        bench.Src.ToTag = tag;
        Assert.StartsWith("SIP/2.0 200 ", ok, StringComparison.Ordinal);
        Assert.NotEqual(tag, FakeSrc.TagOf(ok));
        await AssertSoundAsync(bench);
    }

    [Theory]
    [InlineData("<sip:src@255.255.255.255:9>")]
    [InlineData("<sip:src@239.1.1.1:9>")]
    [InlineData("<sip:src@0.0.0.0:9>")]
    public async Task Contact_that_would_have_us_flood_others_is_not_sent_to(string contact)
    {
        await using var bench = await StartAsync();
        using var other = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
        bench.Application.OnInvite = (offer, _) => ValueTask.FromResult(RecordingApplication.Accept("victim", offer));
        var invite = other.Invite().Replace($"<sip:src@{other.Local}>", contact, StringComparison.Ordinal);
        other.ToTag = FakeSrc.TagOf(bench.Receive(invite)[^1]);
        bench.Receive(other.Request("ACK", 1));
        bench.Engine.HangUp("victim", SessionEnd.LocalBye, _ => { });
        Assert.Equal(bench.Flow.Remote, bench.Sent[^1].Remote);
        await AssertSoundAsync(bench);
    }

    private static async Task<EngineBench> StartAsync(Func<SipServerOptions, SipServerOptions>? change = null)
    {
        var bench = await EngineBench.CreateAsync(options: options =>
        {
            var small = options with { Limits = Small };
            return change?.Invoke(small) ?? small;
        });
        bench.Establish();
        return bench;
    }

    private static async Task<List<string>> FloodAsync(EngineBench bench, int count, Func<FakeSrc, string> write)
    {
        var answers = new List<string>();
        for (var i = 0; i < count; i++)
        {
            using var src = await FakeSrc.ConnectAsync(bench.Src.Local, false, TestContext.Current.CancellationToken);
            answers.AddRange(bench.Receive(write(src)));
        }

        return answers;
    }

    /// <summary>The session that was there before is changed and ends as its client wishes.</summary>
    private static Task AssertSoundAsync(EngineBench bench, SipRefusalReason? counted = null)
    {
        var isCounted = counted is null || bench.Application.Refusals.Any(one => one.Reason == counted);
        Assert.True(isCounted, $"{counted} is not counted");
        Assert.Empty(bench.Log.Lines);
        var ok = bench.Receive(bench.Src.Request("UPDATE", 100))[^1];
        Assert.StartsWith("SIP/2.0 200 ", ok, StringComparison.Ordinal);
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(bench.Src.Request("BYE", 101))[0], StringComparison.Ordinal);
        Assert.Contains("ended d1 Bye", bench.Application.Events);
        return Task.CompletedTask;
    }
}
