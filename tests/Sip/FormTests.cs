using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>Requests that break a rule, each with the status that names it; and changes within a session.</summary>
public sealed class FormTests
{
    private const string Recording = "Require: siprec\r\n";

    [Theory]
    [InlineData("From: <sip:src@example.com>;tag=", "From: <>;tag=", "400 Bad Request (FromInvalid)")]
    [InlineData("To: <sip:srs@example.com>", "To: nobody", "400 Bad Request (ToInvalid)")]
    [InlineData("CSeq: 1 INVITE", "CSeq: one INVITE", "400 Bad Request (CSeqInvalid)")]
    [InlineData("CSeq: 1 INVITE", "CSeq: 1 BYE", "400 Bad Request (CSeqMethodMismatch)")]
    [InlineData("Max-Forwards: 70", "Max-Forwards: -1", "400 Bad Request (MaxForwardsInvalid)")]
    [InlineData("Max-Forwards: 70", "CSeq: 2 INVITE", "400 Bad Request (SingleHeaderRepeated)")]
    [InlineData("Contact: ", "X-Contact: ", "400 Bad Request (From tag or Contact)")]
    [InlineData("v=0\r\n", "", "400 Bad Request (SDP VersionInvalid)")]
    [InlineData("m=audio 12240", "m=audio 70000", "400 Bad Request (SDP MediaInvalid)")]
    [InlineData("c=IN IP4 127.0.0.1", "a=x", "400 Bad Request (SDP ConnectionMissing)")]
    [InlineData("--foobar--", "--foobaz--", "400 Bad Request (MultipartInvalid)")]
    [InlineData("boundary=foobar", "bound=foobar", "400 Bad Request (MultipartInvalid)")]
    [InlineData("Max-Forwards: 70", "Session-Expires: soon", "400 Bad Request (Session-Expires)")]
    [InlineData("Max-Forwards: 70", "Supported: timer\r\nSession-Expires: 60", "422 Session Interval Too Small")]
    [InlineData("multipart/mixed;boundary=foobar", "text/html", "415 Unsupported Media Type")]
    [InlineData("Max-Forwards: 70", "Content-Encoding: gzip", "415 Unsupported Media Type")]
    [InlineData("INVITE sip:srs@example.com", "INVITE mailto:srs@example.com", "416 Unsupported URI Scheme")]
    [InlineData("application/sdp", "text/plain", "488 Not Acceptable Here")]
    public async Task Invite_that_breaks_a_rule_is_refused_by_name(string sound, string broken, string status)
    {
        await using var bench = await EngineBench.CreateAsync();
        var invite = bench.Src.Invite();
        Assert.Contains(sound, invite, StringComparison.Ordinal);
        var at = invite.IndexOf(sound, StringComparison.Ordinal);
        invite = string.Concat(invite.AsSpan(0, at), broken, invite.AsSpan(at + sound.Length));
        var answer = bench.Receive(WithLength(invite))[^1];
        Assert.Equal("SIP/2.0 " + status, answer.Split("\r\n")[0]);
        Assert.Single(bench.Application.Refusals);
        Assert.Empty(bench.Application.Offers);
        Assert.Equal(0, bench.Engine.DialogCount);
        Assert.Equal(status.StartsWith("422", StringComparison.Ordinal), Has(answer, "Min-SE: 90\r\n"));
        Assert.Equal(
            status.StartsWith("415", StringComparison.Ordinal),
            Has(answer, "Accept: application/sdp, multipart/mixed"));
    }

    [Theory]
    [InlineData("BYE")]
    [InlineData("INVITE")]
    [InlineData("UPDATE")]
    public async Task Request_with_an_old_cseq_is_500_and_changes_nothing(string method)
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish();
        bench.Receive(bench.Src.Request("OPTIONS", 7));
        var answer = Assert.Single(bench.Receive(bench.Src.Request(method, 6)));
        Assert.StartsWith("SIP/2.0 500 ", answer, StringComparison.Ordinal);
        Assert.Equal(SipRefusalReason.OutOfOrder, Assert.Single(bench.Application.Refusals).Reason);
        Assert.Equal(1, bench.Engine.DialogCount);
    }

    [Fact]
    public async Task Reinvite_hold_is_answered_inactive_with_a_new_version_and_resumes()
    {
        await using var bench = await EngineBench.CreateAsync();
        var first = bench.Establish();
        Assert.Equal(1, VersionOf(first));
        var held = Reinvite(bench, 2, FakeSrc.Sdp("inactive"));
        Assert.Equal(2, held.Split("a=inactive").Length - 1);
        Assert.False(Has(held, "a=recvonly"));
        Assert.Equal(2, VersionOf(held));
        Assert.True(bench.Application.Offers.Last().Sdp!.Media.All(media => media.IsHeld));

        Assert.Equal(2, VersionOf(Reinvite(bench, 3, FakeSrc.Sdp("inactive"))));
        var resumed = Reinvite(bench, 4, FakeSrc.Sdp());
        Assert.Equal(2, resumed.Split("a=recvonly").Length - 1);
        Assert.Equal(3, VersionOf(resumed));
        Assert.Equal(FakeSrc.TagOf(first), FakeSrc.TagOf(resumed));
        Assert.Equal(["confirmed d1"], bench.Application.Events);
    }

    [Fact]
    public async Task Reinvite_without_a_body_refreshes_and_does_not_ask()
    {
        await using var bench = await EngineBench.CreateAsync();
        var first = bench.Establish();
        var again = bench.Receive(bench.Src.Request("INVITE", 2))[^1];
        Assert.Equal(BodyOf(first), BodyOf(again));
        Assert.Single(bench.Application.Offers);
    }

    [Fact]
    public async Task Reinvite_while_the_last_lacks_its_ack_is_500_with_retry_after()
    {
        await using var bench = await EngineBench.CreateAsync();
        bench.Establish(acknowledge: false);
        var answer = bench.Receive(bench.Src.Invite(cseq: 2))[^1];
        Assert.StartsWith("SIP/2.0 500 ", answer, StringComparison.Ordinal);
        Assert.True(Has(answer, "Retry-After: 1\r\n"));
    }

    [Fact]
    public async Task First_offer_inactive_is_answered_inactive()
    {
        await using var bench = await EngineBench.CreateAsync();
        var ok = bench.Establish(bench.Src.Invite(sdp: FakeSrc.Sdp("inactive")));
        Assert.Equal(2, ok.Split("a=inactive").Length - 1);
    }

    private static string Reinvite(EngineBench bench, int cseq, string sdp)
    {
        var ok = bench.Receive(bench.Src.Request("INVITE", cseq, Recording, "application/sdp", sdp))[^1];
        Assert.StartsWith("SIP/2.0 200 ", ok, StringComparison.Ordinal);
        bench.Receive(bench.Src.Request("ACK", cseq));
        return ok;
    }

    private static int VersionOf(string message) => int.Parse(
        message.Split("\r\n").First(line => line.StartsWith("o=", StringComparison.Ordinal)).Split(' ')[2],
        System.Globalization.CultureInfo.InvariantCulture);

    private static string BodyOf(string message) => message.Split("\r\n\r\n", 2)[1];

    private static bool Has(string message, string text) => message.Contains(text, StringComparison.Ordinal);

    private static string WithLength(string message)
    {
        var line = message.Split("\r\n").First(one => one.StartsWith("Content-Length:", StringComparison.Ordinal));
        return message.Replace(line, $"Content-Length: {BodyOf(message).Length}", StringComparison.Ordinal);
    }
}
