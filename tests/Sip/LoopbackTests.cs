using System.Net;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>Whole sessions over real sockets.</summary>
public sealed class LoopbackTests
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    private readonly RecordingApplication _application = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Session_invite_ack_update_bye_ends_with_bye(bool tcp)
    {
        await using var server = await StartAsync();
        using var src = await FakeSrc.ConnectAsync(Endpoint(server, tcp), tcp, Token);
        await src.SendAsync(src.Invite(), Token);
        await src.ReceiveAsync("SIP/2.0 100 ", Token);
        var ok = await src.ReceiveAsync("SIP/2.0 200 ", Token);
        Assert.Contains("+sip.srs", ok, StringComparison.Ordinal);
        Assert.Contains("m=audio 30000 RTP/AVP 8 0\r\n", ok, StringComparison.Ordinal);
        Assert.Contains("m=audio 30002 RTP/AVP 98\r\na=rtpmap:98 G722/8000\r\n", ok, StringComparison.Ordinal);
        Assert.Equal(2, ok.Split("a=recvonly").Length - 1);
        src.ToTag = FakeSrc.TagOf(ok);
        await src.SendAsync(src.Request("ACK", 1), Token);
        await Wait.UntilAsync(() => _application.Events.Contains("confirmed d1"), "OnConfirmed");
        var offer = _application.Offers.First();
        Assert.True(offer.IsSiprec);
        Assert.Equal("1", offer.Metadata!.Streams[0].Label);
        Assert.Equal("sip:bob@biloxi.com", offer.Metadata.Participants[0].Names[0].Aor);

        await src.SendAsync(src.Request("UPDATE", 2, "", "application/rs-metadata+xml", FakeSrc.Metadata("c2")), Token);
        await src.ReceiveAsync("SIP/2.0 200 ", Token);
        Assert.Null(_application.Offers.Last().Sdp);
        Assert.Equal("c2", _application.Offers.Last().Metadata!.Sessions[0].Id);

        await src.SendAsync(src.Request("BYE", 3), Token);
        await src.ReceiveAsync("SIP/2.0 200 ", Token);
        await Wait.UntilAsync(() => _application.Events.Contains("ended d1 Bye"), "OnEnded");
        Assert.Equal(0, server.Counters.Dialogs);
    }

    [Fact]
    public async Task Cancel_before_answer_is_487_and_ends_with_cancel()
    {
        var release = new TaskCompletionSource();
        _application.OnInvite = async (offer, _) =>
        {
            await release.Task;
            return RecordingApplication.Accept("late", offer);
        };
        await using var server = await StartAsync();
        using var src = await FakeSrc.ConnectAsync(Endpoint(server, tcp: false), tcp: false, Token);
        var invite = src.Invite();
        await src.SendAsync(invite, Token);
        await src.ReceiveAsync("SIP/2.0 100 ", Token);
        var branch = invite.Split("branch=")[1].Split(';')[0];
        await src.SendAsync(src.Request("CANCEL", 1, branch: branch), Token);
        await src.ReceiveAsync("SIP/2.0 487 ", Token);
        release.SetResult();
        await Wait.UntilAsync(() => _application.Events.Contains("ended late Cancel"), "OnEnded");
        Assert.Single(_application.Events);
    }

    [Fact]
    public async Task Hang_up_sends_bye_and_reports_its_answer()
    {
        await using var server = await StartAsync();
        using var src = await FakeSrc.ConnectAsync(Endpoint(server, tcp: false), tcp: false, Token);
        await src.SendAsync(src.Invite(), Token);
        src.ToTag = FakeSrc.TagOf(await src.ReceiveAsync("SIP/2.0 200 ", Token));
        await src.SendAsync(src.Request("ACK", 1), Token);
        await Wait.UntilAsync(() => _application.Events.Contains("confirmed d1"), "OnConfirmed");
        var hangUp = server.HangUpAsync("d1", Token);
        var bye = await src.ReceiveAsync("BYE ", Token);
        string[] copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        var lines = bye.Split("\r\n")
            .Where(line => copied.Any(name => line.StartsWith(name, StringComparison.Ordinal)));
        await src.SendAsync("SIP/2.0 200 OK\r\n" + string.Join("\r\n", lines) + "\r\nContent-Length: 0\r\n\r\n", Token);
        Assert.True(await hangUp);
        Assert.Contains("ended d1 LocalBye", _application.Events);
    }

    [Theory]
    [InlineData("BYE", "", 481)]
    [InlineData("REGISTER", "", 405)]
    [InlineData("INVITE", "Require: foo\r\n", 420)]
    [InlineData("INVITE", "", 488)]
    [InlineData("OPTIONS", "", 200)]
    public async Task Request_outside_dialog_gets_its_status(string method, string headers, int status)
    {
        await using var server = await StartAsync();
        using var src = await FakeSrc.ConnectAsync(Endpoint(server, tcp: false), tcp: false, Token);
        await src.SendAsync(src.Request(method, 1, headers), Token);
        var answer = await src.ReceiveAsync($"SIP/2.0 {status} ", Token);
        Assert.Contains("rport=" + src.Local.Port, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Draining_refuses_invite_with_503_and_retry_after()
    {
        _application.Health = new SipHealth(IsAccepting: false, TimeSpan.FromSeconds(7));
        await using var server = await StartAsync();
        using var src = await FakeSrc.ConnectAsync(Endpoint(server, tcp: true), tcp: true, Token);
        await src.SendAsync(src.Invite(), Token);
        Assert.Contains("Retry-After: 7\r\n", await src.ReceiveAsync("SIP/2.0 503 ", Token), StringComparison.Ordinal);
        Assert.Empty(_application.Offers);
    }

    [Fact]
    public async Task Tcp_invite_byte_by_byte_is_answered()
    {
        await using var server = await StartAsync();
        using var src = await FakeSrc.ConnectAsync(Endpoint(server, tcp: true), tcp: true, Token);
        foreach (var letter in src.Invite())
        {
            await src.SendAsync(letter.ToString(), Token);
        }

        await src.ReceiveAsync("SIP/2.0 200 ", Token);
        Assert.Equal(1, server.Counters.SessionsAccepted);
    }

    [Fact]
    public async Task Busy_port_is_named()
    {
        await using var server = await StartAsync();
        var taken = Endpoint(server, tcp: true);
        await using var second = new SipServer(
            new SipServerOptions { TcpListeners = [taken] }, _application, TimeProvider.System, NullSipLog.Instance);
        var exception = await Assert.ThrowsAsync<SipListenerException>(() => second.StartAsync(Token));
        Assert.Contains(taken.ToString(), exception.Message, StringComparison.Ordinal);
    }

    private static IPEndPoint Endpoint(SipServer server, bool tcp) =>
        server.BoundEndpoints
            .First(one => one.Transport == (tcp ? SipTransportKind.Tcp : SipTransportKind.Udp)).Endpoint;

    private async Task<SipServer> StartAsync()
    {
        var options = new SipServerOptions { UdpListeners = [AnyPort], TcpListeners = [AnyPort] };
        var server = new SipServer(options, _application, TimeProvider.System, NullSipLog.Instance);
        await server.StartAsync(Token);
        return server;
    }
}
