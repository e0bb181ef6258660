using System.Collections;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>The server's loop, its stop and its streams, over real sockets.</summary>
public sealed class ServerTests
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    private readonly RecordingApplication _application = new();
    private readonly KeepingLog _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answer_that_throws_in_the_loop_is_500_and_the_loop_goes_on()
    {
        _application.OnInvite = (_, _) => ValueTask.FromResult(SessionAnswer.Accept("d1", new BrokenMedia()));
        await using var server = await StartAsync(TimeProvider.System, new SipServerOptions());
        using var src = await FakeSrc.ConnectAsync(Udp(server), tcp: false, Token);
        await src.SendAsync(src.Invite(), Token);
        await src.ReceiveAsync("SIP/2.0 500 ", Token);
        await src.SendAsync(src.Request("OPTIONS", 2), Token);
        await src.ReceiveAsync("SIP/2.0 200 ", Token);
        Assert.Equal(["work: broken media"], _log.Lines);
        Assert.Equal(["ended d1 AnswerInvalid"], _application.Events);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_waits_for_the_answer_to_its_bye(bool tcp)
    {
        var server = await StartAsync(new FakeTimeProvider(), new SipServerOptions());
        using var src = await FakeSrc.ConnectAsync(tcp ? Tcp(server) : Udp(server), tcp, Token);
        await EstablishAsync(src);
        var stop = server.DisposeAsync().AsTask();
        var bye = await src.ReceiveAsync("BYE ", Token);
        Assert.False(stop.IsCompleted);
        await src.SendAsync(EngineBench.Answer(bye, 200), Token);
        await stop.WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Equal(["confirmed d1", "ended d1 Shutdown"], _application.Events);
    }

    [Fact]
    public async Task Dispose_without_an_answer_ends_after_the_hang_up_wait()
    {
        var time = new FakeTimeProvider();
        var server = await StartAsync(time, new SipServerOptions());
        using var src = await FakeSrc.ConnectAsync(Udp(server), tcp: false, Token);
        await EstablishAsync(src);
        var stop = server.DisposeAsync().AsTask();
        await src.ReceiveAsync("BYE ", Token);
        Assert.False(stop.IsCompleted);
        await Wait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(4));
                return stop.IsCompleted;
            },
            "the end of the wait");
        Assert.Contains("ended d1 Shutdown", _application.Events);
        Assert.True(await server.HangUpAsync("d1", Token));
    }

    [Fact]
    public async Task Accept_after_the_stop_ends_once_with_shutdown()
    {
        var decided = new TaskCompletionSource<SessionAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var token = CancellationToken.None;
        _application.OnInvite = (_, cancellation) =>
        {
            token = cancellation;
            return new ValueTask<SessionAnswer>(decided.Task);
        };
        var options = new SipServerOptions { HangUpWait = TimeSpan.FromMilliseconds(50) };
        var server = await StartAsync(TimeProvider.System, options);
        using var src = await FakeSrc.ConnectAsync(Udp(server), tcp: false, Token);
        await src.SendAsync(src.Invite(), Token);
        await src.ReceiveAsync("SIP/2.0 100 ", Token);
        await server.DisposeAsync();
        await src.ReceiveAsync("SIP/2.0 503 ", Token);
        Assert.True(token.IsCancellationRequested);
        Assert.Empty(_application.Events);
        decided.SetResult(SessionAnswer.Accept("late", [new MediaAnswer(30_000), new MediaAnswer(30_002)]));
        await Wait.UntilAsync(() => !_application.Events.IsEmpty, "OnEnded");
        Assert.Equal(["ended late Shutdown"], _application.Events);
    }

    [Fact]
    public async Task Tcp_message_that_drips_is_cut_off_counting_from_its_first_byte()
    {
        var time = new FakeTimeProvider();
        await using var server = await StartAsync(time, new SipServerOptions());
        using var src = await FakeSrc.ConnectAsync(Tcp(server), tcp: true, Token);
        await Wait.UntilAsync(() => server.Counters.Connections == 1, "the connection");
        var drips = 0;
        await Wait.UntilAsync(
            async () =>
            {
                if (server.Counters.Connections == 0)
                {
                    return true;
                }

                // A byte every 5 s: no single pause is long, the message as a whole is.
                try
                {
                    await src.SendAsync("x", Token);
                }
                catch (SocketException)
                {
                    return true;
                }

                time.Advance(TimeSpan.FromSeconds(5));
                drips++;
                return false;
            },
            "the connection's end");
        Assert.True(drips >= 6, $"closed after {drips} bytes, 30 s were due");
    }

    [Fact]
    public async Task Tcp_line_ends_between_messages_begin_none()
    {
        var time = new FakeTimeProvider();
        await using var server = await StartAsync(time, new SipServerOptions());
        using var src = await FakeSrc.ConnectAsync(Tcp(server), tcp: true, Token);
        await src.SendAsync("\r\n\r\n", Token);
        await src.SendAsync("\r\n" + src.Request("OPTIONS", 1), Token);
        await src.ReceiveAsync("SIP/2.0 200 ", Token);
        await src.SendAsync("\r\n", Token);
        time.Advance(TimeSpan.FromMinutes(5));
        await src.SendAsync(src.Request("OPTIONS", 2), Token);
        await src.ReceiveAsync("SIP/2.0 200 ", Token);
        Assert.Equal(1, server.Counters.Connections);
    }

    private static IPEndPoint Udp(SipServer server) => server.BoundEndpoints[0].Endpoint;

    private static IPEndPoint Tcp(SipServer server) => server.BoundEndpoints[1].Endpoint;

    private async Task<SipServer> StartAsync(TimeProvider time, SipServerOptions options)
    {
        var server = new SipServer(
            options with { UdpListeners = [AnyPort], TcpListeners = [AnyPort] }, _application, time, _log);
        await server.StartAsync(Token);
        return server;
    }

    private async Task EstablishAsync(FakeSrc src)
    {
        await src.SendAsync(src.Invite(), Token);
        src.ToTag = FakeSrc.TagOf(await src.ReceiveAsync("SIP/2.0 200 ", Token));
        await src.SendAsync(src.Request("ACK", 1), Token);
        await Wait.UntilAsync(() => _application.Events.Contains("confirmed d1"), "OnConfirmed");
    }

    private sealed class BrokenMedia : IReadOnlyList<MediaAnswer>
    {
        public int Count => throw new InvalidOperationException("broken media");

        public MediaAnswer this[int index] => throw new InvalidOperationException("broken media");

        public IEnumerator<MediaAnswer> GetEnumerator() => throw new InvalidOperationException("broken media");

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
