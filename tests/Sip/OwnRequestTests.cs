using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>What the server asks of a client: snapshots (RFC 7866 §9.2) and refreshes (RFC 4028 §10).</summary>
public sealed class OwnRequestTests
{
    private const string Able =
        "Require: siprec\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n"
        + "Accept: application/sdp, application/rs-metadata-request\r\n";

    [Fact]
    public async Task Snapshot_is_asked_by_update_after_the_ack()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.SnapshotReason = "metadata missing & wanted";
        bench.Establish(bench.Src.Invite(headers: Able), acknowledge: false);
        Assert.Empty(bench.TimesOf("UPDATE ", TimeSpan.FromTicks(-1)));
        var update = Assert.Single(bench.Receive(bench.Src.Request("ACK", 1)));
        Assert.StartsWith("UPDATE ", update, StringComparison.Ordinal);
        Assert.Contains("\r\nRequire: siprec\r\n", update, StringComparison.Ordinal);
        Assert.Contains(";+sip.srs\r\n", update, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/rs-metadata-request\r\n", update, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Disposition: recording-session\r\n", update, StringComparison.Ordinal);
        Assert.Contains(">metadata missing &amp; wanted<", update, StringComparison.Ordinal);
        bench.Receive(EngineBench.Answer(update, 200));
        var reply = bench.Src.Request("UPDATE", 2, "", "application/rs-metadata+xml", FakeSrc.Metadata("c2"));
        bench.Application.SnapshotReason = null;
        Assert.StartsWith("SIP/2.0 200 ", Assert.Single(bench.Receive(reply)), StringComparison.Ordinal);
        Assert.Equal("c2", bench.Application.Offers.Last().Metadata!.Sessions[0].Id);
    }

    [Fact]
    public async Task Snapshot_is_asked_by_reinvite_of_a_client_without_update_and_acknowledged()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.SnapshotReason = "missing";
        var ok = bench.Establish(bench.Src.Invite(headers: Able.Replace(", UPDATE", "", StringComparison.Ordinal)));
        var invite = bench.Sent[^1].Text;
        Assert.StartsWith("INVITE ", invite, StringComparison.Ordinal);
        Assert.Contains("application/rs-metadata-request", invite, StringComparison.Ordinal);
        Assert.Contains(ok.Split("\r\n\r\n", 2)[1], invite, StringComparison.Ordinal);
        bench.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([500], bench.TimesOf("INVITE ", TimeSpan.Zero));
        var ack = Assert.Single(bench.Receive(EngineBench.Answer(invite, 200)));
        Assert.StartsWith("ACK ", ack, StringComparison.Ordinal);
        Assert.Equal(CSeqOf(invite), CSeqOf(ack));
        Assert.NotEqual(BranchOf(invite), BranchOf(ack));
        Assert.Equal(ack, Assert.Single(bench.Receive(EngineBench.Answer(invite, 200))));
    }

    [Theory]
    [InlineData("Require: siprec\r\nAccept: application/sdp\r\n")]
    [InlineData("Require: siprec\r\n")]
    [InlineData("Allow: UPDATE\r\n")]
    [InlineData("")]
    public async Task Snapshot_is_not_asked_of_a_client_that_takes_none(string headers)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.SnapshotReason = "missing";
        bench.Establish(bench.Src.Invite(headers: headers));
        Assert.StartsWith("SIP/2.0 200 ", bench.Sent[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshot_is_asked_at_most_three_times_a_session()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.SnapshotReason = "inconsistent";
        bench.Establish(bench.Src.Invite(headers: Able));
        for (var cseq = 2; cseq < 8; cseq++)
        {
            var sent = bench.Sent[^1].Text;
            if (sent.StartsWith("UPDATE ", StringComparison.Ordinal))
            {
                bench.Receive(EngineBench.Answer(sent, 200));
            }

            bench.Receive(bench.Src.Request("UPDATE", cseq, "", "application/rs-metadata", FakeSrc.Metadata()));
        }

        Assert.Equal(3, bench.Sent.Count(one => one.Text.StartsWith("UPDATE ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Own_reinvite_that_meets_one_of_the_client_is_491_and_is_made_again()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.SnapshotReason = "missing";
        bench.Establish(bench.Src.Invite(headers: Able.Replace(", UPDATE", "", StringComparison.Ordinal)));
        var invite = bench.Sent[^1].Text;
        var pending = bench.Receive(bench.Src.Invite(cseq: 2))[^1];
        Assert.StartsWith("SIP/2.0 491 ", pending, StringComparison.Ordinal);
        Assert.Equal(SipRefusalReason.Glare, Assert.Single(bench.Application.Refusals).Reason);
        bench.Receive(EngineBench.Answer(invite, 491));
        bench.Advance(TimeSpan.FromSeconds(1));
        var again = bench.Sent[^1].Text;
        Assert.StartsWith("INVITE ", again, StringComparison.Ordinal);
        Assert.NotEqual(BranchOf(invite), BranchOf(again));
    }

    [Fact]
    public async Task Own_update_that_meets_a_change_of_the_client_stands_in_nobodys_way()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.SnapshotReason = "missing";
        bench.Establish(bench.Src.Invite(headers: Able));
        Assert.StartsWith("UPDATE ", bench.Sent[^1].Text, StringComparison.Ordinal);
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(bench.Src.Invite(cseq: 2))[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(408)]
    [InlineData(500)]
    [InlineData(0)]
    public async Task Snapshot_that_is_not_given_ends_no_session(int status)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Application.SnapshotReason = "missing";
        bench.Establish(bench.Src.Invite(headers: Able));
        if (status > 0)
        {
            bench.Receive(EngineBench.Answer(bench.Sent[^1].Text, status));
        }

        bench.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["confirmed d1"], bench.Application.Events);
        Assert.StartsWith("SIP/2.0 200 ", bench.Receive(bench.Src.Request("BYE", 2))[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(481)]
    [InlineData(408)]
    public async Task Refresh_answered_that_the_session_is_gone_ends_it(int status)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(bench.Src.Invite(
            headers: "Require: siprec\r\nSupported: timer\r\nSession-Expires: 90;refresher=uas\r\nAllow: UPDATE\r\n"));
        bench.Advance(TimeSpan.FromSeconds(45));
        bench.Receive(EngineBench.Answer(bench.Sent[^1].Text, status));
        Assert.Equal(["confirmed d1", "ended d1 ClientLost"], bench.Application.Events);
        Assert.StartsWith("BYE ", bench.Sent[^1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Allow: UPDATE\r\n", "UPDATE ")]
    [InlineData("", "INVITE ")]
    public async Task Refresh_that_is_ours_goes_out_at_half_and_keeps_the_session(string allow, string start)
    {
        await using var bench = await EngineBench.CreateAsync();
        var ok = bench.Establish(bench.Src.Invite(
            headers: "Require: siprec\r\nSupported: timer\r\nSession-Expires: 90;refresher=uas\r\n" + allow));
        Assert.Contains("Session-Expires: 90;refresher=uas\r\n", ok, StringComparison.Ordinal);
        for (var round = 0; round < 3; round++)
        {
            bench.Advance(TimeSpan.FromSeconds(45));
            var refresh = bench.Sent[^1].Text;
            Assert.StartsWith(start, refresh, StringComparison.Ordinal);
            Assert.Contains("Session-Expires: 90;refresher=uac\r\n", refresh, StringComparison.Ordinal);
            bench.Receive(EngineBench.Answer(refresh, 200, "Session-Expires: 90;refresher=uac\r\nRequire: timer\r\n"));
        }

        Assert.Equal(["confirmed d1"], bench.Application.Events);
    }

    [Fact]
    public async Task Refresh_of_a_client_without_timers_goes_on_for_the_proxy_that_wants_one()
    {
        await using var bench = await EngineBench.CreateAsync();
        var ok = bench.Establish(bench.Src.Invite(
            headers: "Require: siprec\r\nSession-Expires: 100\r\nAllow: UPDATE\r\n"));
        Assert.Contains("Session-Expires: 100;refresher=uas\r\n", ok, StringComparison.Ordinal);
        Assert.DoesNotContain("Require: timer", ok, StringComparison.Ordinal);
        for (var round = 0; round < 2; round++)
        {
            bench.Advance(TimeSpan.FromSeconds(50));
            bench.Receive(EngineBench.Answer(bench.Sent[^1].Text, 200));
        }

        Assert.Equal(2, bench.Sent.Count(one => one.Text.StartsWith("UPDATE ", StringComparison.Ordinal)));
        Assert.Equal(["confirmed d1"], bench.Application.Events);
    }

    [Fact]
    public async Task Refresh_answered_422_is_made_again_with_the_interval_wanted()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(bench.Src.Invite(
            headers: "Require: siprec\r\nSupported: timer\r\nSession-Expires: 90;refresher=uas\r\nAllow: UPDATE\r\n"));
        bench.Advance(TimeSpan.FromSeconds(45));
        var again = Assert.Single(bench.Receive(EngineBench.Answer(bench.Sent[^1].Text, 422, "Min-SE: 300\r\n")));
        Assert.Contains("Session-Expires: 300;refresher=uac\r\n", again, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refresh_without_an_answer_ends_the_session_once()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(bench.Src.Invite(
            headers: "Require: siprec\r\nSupported: timer\r\nSession-Expires: 90;refresher=uas\r\nAllow: UPDATE\r\n"));
        bench.Advance(TimeSpan.FromSeconds(100));
        var end = Assert.Single(bench.Application.Events, one => one.StartsWith("ended", StringComparison.Ordinal));
        Assert.Equal("ended d1 SessionTimeout", end);
        Assert.Equal(0, bench.Engine.DialogCount);
    }

    private static string BranchOf(string request) => request.Split("branch=")[1].Split(';')[0];

    private static string CSeqOf(string request) => request.Split("CSeq: ")[1].Split(' ')[0];
}
