using System.Net;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>
/// A server on loopback sockets and a client that talks to it; the application accepts and remembers.
/// </summary>
internal sealed class DutyBench : IAsyncDisposable
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    private readonly List<FakeSrc> _clients = [];

    private DutyBench(SipServer server) => Server = server;

    public SipServer Server { get; private set; }

    public required RecordingApplication Application { get; init; }

    public KeepingLog Log { get; private init; } = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<DutyBench> StartAsync(Func<SipServerOptions, SipServerOptions>? change = null)
    {
        // Most clients are gone before the server is: nobody answers its last BYEs.
        var options = new SipServerOptions
        {
            UdpListeners = [AnyPort], TcpListeners = [AnyPort], HangUpWait = TimeSpan.FromMilliseconds(100),
        };
        var application = new RecordingApplication();
        var log = new KeepingLog();
        var server = new SipServer(change?.Invoke(options) ?? options, application, TimeProvider.System, log);
        await server.StartAsync(Token);
        return new DutyBench(server) { Application = application, Log = log };
    }

    public IPEndPoint Endpoint(SipTransportKind kind) =>
        Server.BoundEndpoints.First(one => one.Transport == kind).Endpoint;

    public async Task<FakeSrc> ConnectAsync(SipTransportKind kind = SipTransportKind.Udp, FakeSrcTls? tls = null)
    {
        var src = await FakeSrc.ConnectAsync(Endpoint(kind), kind != SipTransportKind.Udp, Token, tls);
        _clients.Add(src);
        return src;
    }

    /// <summary>Sends a request and waits for the answer that begins so.</summary>
    public static async Task<string> AskAsync(FakeSrc src, string request, string answer = "SIP/2.0 200 ")
    {
        await src.SendAsync(request, Token);
        return await src.ReceiveAsync(answer, Token);
    }

    /// <summary>A session answered and acknowledged; its 200.</summary>
    public async Task<string> EstablishAsync(FakeSrc src, string? invite = null)
    {
        var before = Application.Events.Count(one => one.StartsWith("confirmed", StringComparison.Ordinal));
        var ok = await AskAsync(src, invite ?? src.Invite());
        src.ToTag = FakeSrc.TagOf(ok);
        await src.SendAsync(src.Request("ACK", 1), Token);
        await Wait.UntilAsync(
            () => Application.Events.Count(one => one.StartsWith("confirmed", StringComparison.Ordinal)) > before,
            "the session to be confirmed");
        return ok;
    }

    /// <summary>What a first INVITE was read as.</summary>
    public async Task<SessionOffer> OfferAsync(Func<FakeSrc, string> invite, string status = "SIP/2.0 200 ")
    {
        using var src = await FakeSrc.ConnectAsync(Endpoint(SipTransportKind.Udp), tcp: false, Token);
        await AskAsync(src, invite(src), status);
        return Application.Offers.Last(offer => offer.CallId == src.CallId);
    }

    /// <summary>A neighbour's session is answered: the server lives.</summary>
    public async Task AssertNeighbourAsync()
    {
        using var neighbour = await FakeSrc.ConnectAsync(Endpoint(SipTransportKind.Udp), tcp: false, Token);
        var ok = await AskAsync(neighbour, neighbour.Invite());
        neighbour.ToTag = FakeSrc.TagOf(ok);
        await neighbour.SendAsync(neighbour.Request("ACK", 1), Token);
        await AskAsync(neighbour, neighbour.Request("BYE", 2));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await Server.DisposeAsync();
    }
}
