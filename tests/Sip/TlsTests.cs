using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Talreg.Sip.Access;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>SIP over TLS: versions, certificates and their renewal, allow-lists, and connections of ours.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FakeAuthority _authority = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-tls-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Session_over_tls_is_taken_and_our_bye_goes_the_same_way(SslProtocols version)
    {
        await using var bench = await StartAsync(wait: Patience);
        var src = await bench.ConnectAsync(
            SipTransportKind.Tls, new FakeSrcTls(_authority.Root) { Versions = version });
        Assert.Equal(version, src.TlsVersion);
        var ok = await bench.EstablishAsync(src);
        Assert.Contains(";transport=tls>;+sip.srs", ok, StringComparison.Ordinal);
        Assert.Equal(SipTransportKind.Tls, Assert.Single(bench.Application.Offers).Transport);
        var hangUp = bench.Server.HangUpAsync("d1", Token);
        var bye = await src.ReceiveAsync("BYE ", Token);
        Assert.Contains("Via: SIP/2.0/TLS ", bye, StringComparison.Ordinal);
        await src.SendAsync(EngineBench.Answer(bye, 200), Token);
        Assert.True(await hangUp);
    }

    [Fact]
    public async Task Session_asked_for_by_sips_has_a_sips_contact()
    {
        await using var bench = await StartAsync();
        var src = await bench.ConnectAsync(SipTransportKind.Tls, new FakeSrcTls(_authority.Root));
        var invite = src.Invite().Replace("INVITE sip:", "INVITE sips:", StringComparison.Ordinal);
        Assert.Contains("Contact: <sips:", await DutyBench.AskAsync(src, invite), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_renewed_is_shown_to_the_next_client_and_the_session_before_lives_on()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var bench = await StartAsync();
        var options = Options();
        var credentials = new TlsCredentials(options, new SipAccess(), time);
        var first = Shown(credentials);
        using var renewed = _authority.Issue(["localhost"]);
        _authority.Write(_folder, renewed);
        File.SetLastWriteTimeUtc(options.CertificatePath, time.GetUtcNow().UtcDateTime.AddMinutes(1));
        Assert.Equal(first, Shown(credentials));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(renewed.Thumbprint, Shown(credentials));

        var before = await bench.ConnectAsync(SipTransportKind.Tls, new FakeSrcTls(_authority.Root));
        await bench.EstablishAsync(before);
        using var again = _authority.Issue(["localhost"]);
        _authority.Write(_folder, again);
        await Wait.UntilAsync(
            async () =>
            {
                using var src = await FakeSrc.ConnectAsync(
                    bench.Endpoint(SipTransportKind.Tls), true, Token, new FakeSrcTls(_authority.Root));
                return ((X509Certificate2)src.ServerCertificate!).Thumbprint == again.Thumbprint;
            },
            "the renewed certificate to be shown");
        await DutyBench.AskAsync(before, before.Request("BYE", 2));
    }

    [Fact]
    public void Certificate_renewed_by_rubbish_leaves_the_old_in_force_and_is_reported()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var options = Options();
        var credentials = new TlsCredentials(options, new SipAccess(), time);
        var first = Shown(credentials);
        File.WriteAllText(options.CertificatePath, "rubbish");
        time.Advance(TimeSpan.FromSeconds(2));
        var reported = new List<SipTlsException>();
        Assert.Equal(first, Shown(credentials, reported.Add));
        Assert.Contains(options.CertificatePath, Assert.Single(reported).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_that_has_expired_or_is_missing_refuses_to_start_by_name()
    {
        using var expired = _authority.Issue(["localhost"], days: -1);
        var (certificate, key) = _authority.Write(_folder, expired);
        var tls = new SipTlsOptions
        {
            Listeners = [new IPEndPoint(IPAddress.Loopback, 0)], CertificatePath = certificate, KeyPath = key,
        };
        var refused = await Assert.ThrowsAsync<SipTlsException>(
            () => DutyBench.StartAsync(options => options with { Tls = tls }));
        Assert.Contains("expired", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<SipTlsException>(
            () => DutyBench.StartAsync(options => options with { Tls = tls with { KeyPath = "/nowhere.pem" } }));
        Assert.Contains("/nowhere.pem", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_without_a_certificate_gets_no_connection_and_is_counted()
    {
        await using var bench = await StartAsync(mutual: true);
        await AssertNotServedAsync(bench, new FakeSrcTls(_authority.Root));
        await bench.AssertNeighbourAsync();
    }

    [Fact]
    public async Task Client_of_another_authority_gets_no_connection_and_is_counted()
    {
        await using var bench = await StartAsync(mutual: true);
        using var other = new FakeAuthority();
        using var certificate = other.Issue(["sbc1.example.com"]);
        await AssertNotServedAsync(bench, new FakeSrcTls(_authority.Root, certificate));
    }

    [Fact]
    public async Task Client_with_an_expired_certificate_gets_no_connection_and_is_counted()
    {
        await using var bench = await StartAsync(mutual: true);
        using var certificate = _authority.Issue(["sbc1.example.com"], days: -1);
        await AssertNotServedAsync(bench, new FakeSrcTls(_authority.Root, certificate));
    }

    [Fact]
    public async Task Client_whose_names_are_not_listed_gets_no_connection_and_is_counted()
    {
        await using var bench = await StartAsync(mutual: true, names: ["sip:sbc1.example.com"]);
        using var certificate = _authority.Issue(["sbc2.example.com"]);
        await AssertNotServedAsync(bench, new FakeSrcTls(_authority.Root, certificate));
    }

    [Theory]
    [InlineData("sbc1.example.com")]
    [InlineData("sip:sbc1.example.com")]
    public async Task Client_whose_name_is_listed_records_and_is_named(string name)
    {
        await using var bench = await StartAsync(mutual: true, names: [name]);
        using var certificate = _authority.Issue(["first.example.com", name]);
        var src = await bench.ConnectAsync(SipTransportKind.Tls, new FakeSrcTls(_authority.Root, certificate));
        await bench.EstablishAsync(src);
        Assert.Equal("sbc1", Assert.Single(bench.Application.Offers).Peer);
    }

    [Fact]
    public async Task Client_that_offers_old_versions_only_gets_no_connection()
    {
        await using var bench = await StartAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(bench.Endpoint(SipTransportKind.Tls), Token);

            // A ClientHello of TLS 1.1 (version 0x0302) with one suite.
            byte[] hello =
            [
                0x16, 0x03, 0x01, 0x00, 0x2d, 0x01, 0x00, 0x00, 0x29, 0x03, 0x02, .. new byte[32],
                0x00, 0x00, 0x02, 0x00, 0x2f, 0x01, 0x00,
            ];
            await socket.SendAsync(hello, Token);
            var buffer = new byte[64];
            var count = await socket.ReceiveAsync(buffer, Token);

            // An alert, or the end.
            if (count == 0 || buffer[0] == 0x15)
            {
                throw new AuthenticationException("refused");
            }
        });
        await Wait.UntilAsync(() => bench.Server.Counters.ConnectionsFailed == 1, "the failure to be counted");
    }

    [Fact]
    public async Task Own_request_after_the_connection_died_opens_a_new_one_under_tls()
    {
        await using var bench = await StartAsync(mutual: true, wait: Patience);
        using var shown = _authority.Issue(["sbc1.example.com"]);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var src = await bench.ConnectAsync(SipTransportKind.Tls, new FakeSrcTls(_authority.Root, shown));
        var contact = $"<sip:src@{listener.LocalEndPoint}>";
        await bench.EstablishAsync(
            src, src.Invite().Replace($"<sip:src@{src.Local}>", contact, StringComparison.Ordinal));
        src.Dispose();
        await Wait.UntilAsync(() => bench.Server.Counters.Connections == 0, "the connection to be gone");
        var hangUp = bench.Server.HangUpAsync("d1", Token);
        using var accepted = await listener.AcceptAsync(Token);
        using var certificate = _authority.Issue(["client.example.com"]);
        await using var tls = new System.Net.Security.SslStream(new NetworkStream(accepted));
        await tls.AuthenticateAsServerAsync(certificate);
        var buffer = new byte[4_096];
        var count = await tls.ReadAsync(buffer, Token);
        var bye = System.Text.Encoding.UTF8.GetString(buffer, 0, count);
        Assert.StartsWith("BYE ", bye, StringComparison.Ordinal);
        await tls.WriteAsync(System.Text.Encoding.UTF8.GetBytes(EngineBench.Answer(bye, 200)), Token);
        Assert.True(await hangUp);
    }

    [Fact]
    public async Task Own_request_to_a_server_of_another_authority_is_not_sent()
    {
        await using var bench = await StartAsync(mutual: true, wait: Patience);
        using var shown = _authority.Issue(["sbc1.example.com"]);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var src = await bench.ConnectAsync(SipTransportKind.Tls, new FakeSrcTls(_authority.Root, shown));
        var contact = $"<sip:src@{listener.LocalEndPoint}>";
        await bench.EstablishAsync(
            src, src.Invite().Replace($"<sip:src@{src.Local}>", contact, StringComparison.Ordinal));
        src.Dispose();
        await Wait.UntilAsync(() => bench.Server.Counters.Connections == 0, "the connection to be gone");
        _ = bench.Server.HangUpAsync("d1", Token);
        using var accepted = await listener.AcceptAsync(Token);
        using var other = new FakeAuthority();
        using var certificate = other.Issue(["client.example.com"]);
        await using var tls = new System.Net.Security.SslStream(new NetworkStream(accepted));
        var read = 0;
        var refused = await Record.ExceptionAsync(async () =>
        {
            await tls.AuthenticateAsServerAsync(certificate);
            read = await tls.ReadAsync(new byte[16], Token);
        });
        Assert.True(refused is not null || read == 0, "the BYE went to a stranger");
        await Wait.UntilAsync(() => bench.Server.Counters.ConnectionsFailed > 0, "the failure to be counted");
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Shown(TlsCredentials credentials, Action<SipTlsException>? failed = null) =>
        credentials.ForClient(failed ?? (exception => throw exception), _ => { })
            .ServerCertificateContext!.TargetCertificate.Thumbprint;

    private async Task AssertNotServedAsync(DutyBench bench, FakeSrcTls tls)
    {
        // With TLS 1.3 a client learns only afterwards that its certificate was refused.
        var refused = await Record.ExceptionAsync(async () =>
        {
            using var src = await FakeSrc.ConnectAsync(bench.Endpoint(SipTransportKind.Tls), true, Token, tls);
            await DutyBench.AskAsync(src, src.Request("OPTIONS", 1));
        });
        Assert.True(
            refused is AuthenticationException or IOException or SocketException, $"not refused: {refused}");
        await Wait.UntilAsync(() => bench.Server.Counters.ConnectionsFailed > 0, "the failure to be counted");
    }

    private SipTlsOptions Options()
    {
        using var certificate = _authority.Issue(["localhost"]);
        var (path, key) = _authority.Write(_folder, certificate);
        return new SipTlsOptions
        {
            Listeners = [new IPEndPoint(IPAddress.Loopback, 0)], CertificatePath = path, KeyPath = key,
        };
    }

    private Task<DutyBench> StartAsync(
        bool mutual = false, IReadOnlyList<string>? names = null, TimeSpan? wait = null)
    {
        var root = _authority.WriteRoot(_folder);
        var peer = new SipPeer { Name = "sbc1", CertificateNames = names ?? [] };
        return DutyBench.StartAsync(options => options with
        {
            HangUpWait = wait ?? options.HangUpWait,
            Tls = Options() with { TrustPath = mutual ? root : null },
            Access = new SipAccess { Peers = names is null ? [] : [peer] },
        });
    }
}
