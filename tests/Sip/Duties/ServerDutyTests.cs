using System.Net;
using Talreg.Sip.Sdp;
using Talreg.TestKit;

namespace Talreg.Sip.Tests.Duties;

/// <summary>
/// What a session recording server owes (RFC 7866, 7865, 4028, 3261), lines 1 to 18, over real sockets. What needs the
/// whole
/// recorder stands under the same numbers in tests/EndToEnd.
/// </summary>
public sealed class ServerDutyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Require: siprec\r\n", "", false)]
    [InlineData("", ";+sip.src", false)]
    [InlineData("", "", true)]
    public async Task Duty01_session_is_recognised_by_require_contact_or_metadata(
        string headers, string contact, bool metadata)
    {
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => WithContact(
            src,
            metadata
                ? src.Invite(headers: headers)
                : src.Request("INVITE", 1, headers, "application/sdp", FakeSrc.Sdp()),
            $"<sip:src@{src.Local}>{contact}"));
        Assert.True(offer.IsSiprec);
    }

    [Fact]
    public async Task Duty02_required_siprec_where_recording_is_disabled_is_420_with_unsupported()
    {
        await using var bench = await DutyBench.StartAsync(options => options with { SiprecEnabled = false });
        var src = await bench.ConnectAsync();
        var answer = await DutyBench.AskAsync(src, src.Invite(), "SIP/2.0 420 ");
        Assert.Contains("\r\nUnsupported: siprec\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Supported: timer, replaces, siprec", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sendonly")]
    [InlineData("sendrecv")]
    [InlineData("x-none")]
    public async Task Duty03_every_stream_is_answered_recvonly(string direction)
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        var ok = await DutyBench.AskAsync(src, src.Invite(sdp: FakeSrc.Sdp(direction)));
        Assert.Equal(2, Count(ok, "a=recvonly\r\n"));
        Assert.Equal(0, Count(ok, "a=sendrecv") + Count(ok, "a=sendonly") + Count(ok, "a=inactive"));
    }

    [Fact]
    public async Task Duty04_inactive_is_answered_inactive_until_a_reinvite_changes_it()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        var ok = await bench.EstablishAsync(src, src.Invite(sdp: FakeSrc.Sdp("inactive")));
        Assert.Equal(2, Count(ok, "a=inactive\r\n"));
        Assert.All(bench.Application.Offers.Last().Sdp!.Media, media => Assert.True(media.IsHeld));
        ok = await DutyBench.AskAsync(src, src.Invite(cseq: 2));
        Assert.Equal(2, Count(ok, "a=recvonly\r\n"));
    }

    [Fact]
    public async Task Duty05_stream_that_is_not_wanted_is_answered_with_port_0()
    {
        await using var bench = await DutyBench.StartAsync();
        bench.Application.OnInvite = (_, _) => ValueTask.FromResult(
            SessionAnswer.Accept("d1", [new MediaAnswer(30_000), new MediaAnswer(0)]));
        var src = await bench.ConnectAsync();
        var ok = await DutyBench.AskAsync(src, src.Invite());
        Assert.Contains("m=audio 30000 RTP/AVP 8 0\r\n", ok, StringComparison.Ordinal);
        Assert.Contains("m=audio 0 RTP/AVP 98\r\n", ok, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Duty06_own_requests_carry_the_server_tag_and_require_siprec()
    {
        await using var bench = await DutyBench.StartAsync();
        bench.Application.SnapshotReason = "missing";
        var src = await bench.ConnectAsync();
        var ok = await bench.EstablishAsync(src, src.Invite(headers: Able));
        Assert.Contains(">;+sip.srs\r\n", ok, StringComparison.Ordinal);
        var update = await src.ReceiveAsync("UPDATE ", Token);
        Assert.Contains(">;+sip.srs\r\n", update, StringComparison.Ordinal);
        Assert.Contains("\r\nRequire: siprec\r\n", update, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Duty07_full_snapshot_is_asked_for_and_its_reply_is_told()
    {
        await using var bench = await DutyBench.StartAsync();
        bench.Application.SnapshotReason = "metadata missing";
        var src = await bench.ConnectAsync();
        await bench.EstablishAsync(src, src.Request("INVITE", 1, Able, "application/sdp", FakeSrc.Sdp()));
        var update = await src.ReceiveAsync("UPDATE ", Token);
        Assert.Contains("Content-Type: application/rs-metadata-request", update, StringComparison.Ordinal);
        await src.SendAsync(EngineBench.Answer(update, 200), Token);
        bench.Application.SnapshotReason = null;
        await DutyBench.AskAsync(
            src, src.Request("UPDATE", 2, "", "application/rs-metadata+xml", FakeSrc.Metadata()));
        Assert.Equal(2, bench.Application.Offers.Last().Metadata!.Participants.Count);
    }

    [Fact]
    public async Task Duty09_update_or_reinvite_of_metadata_alone_offers_no_media()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        var first = await bench.EstablishAsync(src);
        await DutyBench.AskAsync(src, src.Request("UPDATE", 2, "", "application/rs-metadata", FakeSrc.Metadata()));
        Assert.Null(bench.Application.Offers.Last().Sdp);
        var ok = await DutyBench.AskAsync(
            src, src.Request("INVITE", 3, "", "application/rs-metadata+xml", FakeSrc.Metadata()));
        Assert.Null(bench.Application.Offers.Last().Sdp);
        Assert.Equal(Body(first), Body(ok));
    }

    [Fact]
    public async Task Duty10_reinvite_of_sdp_alone_offers_no_metadata()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        await bench.EstablishAsync(src);
        await DutyBench.AskAsync(src, src.Request("INVITE", 2, "", "application/sdp", FakeSrc.Sdp("inactive")));
        Assert.Null(bench.Application.Offers.Last().RawMetadata);
        Assert.NotNull(bench.Application.Offers.Last().Sdp);
    }

    [Fact]
    public async Task Duty12_session_timer_is_agreed_and_too_short_a_one_is_422()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        var refused = await DutyBench.AskAsync(
            src, src.Invite(headers: "Supported: timer\r\nSession-Expires: 30\r\n"), "SIP/2.0 422 ");
        Assert.Contains("\r\nMin-SE: 90\r\n", refused, StringComparison.Ordinal);
        var ok = await DutyBench.AskAsync(
            src, src.Invite(cseq: 2, headers: "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n"));
        Assert.Contains("\r\nSession-Expires: 1800;refresher=uac\r\n", ok, StringComparison.Ordinal);
        Assert.Contains("\r\nRequire: timer\r\n", ok, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Duty14_srtp_without_an_agreed_key_is_refused_never_answered_in_clear()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        var sdp = FakeSrc.Sdp().Replace("RTP/AVP", "RTP/SAVP", StringComparison.Ordinal);
        var ok = await DutyBench.AskAsync(src, src.Invite(sdp: sdp));
        Assert.Equal(2, Count(ok, "m=audio 0 RTP/SAVP"));
    }

    [Fact]
    public async Task Duty15_invites_beyond_1300_bytes_are_taken_over_tcp_and_over_fragmented_udp()
    {
        await using var bench = await DutyBench.StartAsync();
        foreach (var kind in (SipTransportKind[])[SipTransportKind.Tcp, SipTransportKind.Udp])
        {
            var src = await bench.ConnectAsync(kind);
            var invite = src.Invite(headers: "Require: siprec\r\nX-Long: " + new string('x', 20_000) + "\r\n");
            await DutyBench.AskAsync(src, invite);
        }

        Assert.Equal(2, bench.Application.Offers.Count);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Duty15_several_listeners_and_both_families_serve(string address)
    {
        IPEndPoint[] listeners =
        [
            new(IPAddress.Loopback, 0), new(IPAddress.Loopback, 0), new(IPAddress.IPv6Loopback, 0),
        ];
        await using var bench = await DutyBench.StartAsync(
            options => options with { UdpListeners = listeners, TcpListeners = listeners });
        Assert.Equal(6, bench.Server.BoundEndpoints.Count);
        foreach (var (kind, endpoint) in bench.Server.BoundEndpoints.Where(one =>
            one.Endpoint.Address.Equals(IPAddress.Parse(address))))
        {
            using var src = await FakeSrc.ConnectAsync(endpoint, kind == SipTransportKind.Tcp, Token);
            var ok = await DutyBench.AskAsync(src, src.Invite());
            var family = address.Contains('.') ? "IP4" : "IP6";
            Assert.Contains($"c=IN {family} {address}\r\n", ok, StringComparison.Ordinal);
            Assert.Contains($"@{endpoint}", "@" + ok.Split("Contact: <sip:")[1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Duty16_bye_and_cancel_each_end_a_session_that_says_why()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        await bench.EstablishAsync(src);
        await DutyBench.AskAsync(src, src.Request("BYE", 2));
        var decided = new TaskCompletionSource<SessionAnswer>();
        bench.Application.OnInvite = (_, _) => new ValueTask<SessionAnswer>(decided.Task);
        var second = await bench.ConnectAsync();
        var invite = second.Invite();
        await DutyBench.AskAsync(second, invite, "SIP/2.0 100 ");
        var branch = invite.Split("branch=")[1].Split(';')[0];
        await DutyBench.AskAsync(second, second.Request("CANCEL", 1, branch: branch), "SIP/2.0 487 ");
        decided.SetResult(SessionAnswer.Accept("late", [new MediaAnswer(30_000), new MediaAnswer(30_002)]));
        await Wait.UntilAsync(() => bench.Application.Events.Contains("ended late Cancel"), "the end by CANCEL");
        Assert.Equal(["confirmed d1", "ended d1 Bye", "ended late Cancel"], bench.Application.Events);
    }

    [Fact]
    public async Task Duty17_options_reflects_health_and_a_full_server_says_when_to_come_again()
    {
        await using var bench = await DutyBench.StartAsync();
        var src = await bench.ConnectAsync();
        await DutyBench.AskAsync(src, src.Request("OPTIONS", 1));
        bench.Application.Health = new SipHealth(IsAccepting: false, TimeSpan.FromSeconds(5));
        Assert.Contains(
            "\r\nRetry-After: 5\r\n", await DutyBench.AskAsync(src, src.Request("OPTIONS", 2), "SIP/2.0 503 "),
            StringComparison.Ordinal);
        Assert.Contains(
            "\r\nRetry-After: 5\r\n", await DutyBench.AskAsync(src, src.Invite(cseq: 3), "SIP/2.0 503 "),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Duty18_bounds_hold_and_bad_metadata_refuses_no_audio()
    {
        await using var bench = await DutyBench.StartAsync();
        var offer = await bench.OfferAsync(src => src.Invite(
            metadata: "<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><recording>&a;</recording>"));
        Assert.NotNull(offer.MetadataFault);
        Assert.NotNull(offer.RawMetadata);
        var lines = string.Concat(Enumerable.Repeat("m=audio 4 RTP/AVP 0\r\n", SdpParser.MaxMediaLines + 1));
        var src = await bench.ConnectAsync();
        await DutyBench.AskAsync(src, src.Invite(sdp: FakeSrc.Sdp() + lines), "SIP/2.0 400 ");
        await bench.AssertNeighbourAsync();
    }

    private const string Able = "Require: siprec\r\nAllow: INVITE, UPDATE\r\n"
        + "Accept: application/sdp, application/rs-metadata-request\r\n";

    private static string WithContact(FakeSrc src, string invite, string contact) =>
        invite.Replace($"<sip:src@{src.Local}>;+sip.src", contact, StringComparison.Ordinal);

    private static int Count(string message, string text) => message.Split(text).Length - 1;

    private static string Body(string message) => message.Split("\r\n\r\n", 2)[1];
}
