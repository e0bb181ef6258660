using System.Diagnostics;
using System.Net;
using System.Text;
using Talreg.Sip.Access;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>
/// OpenSSL's own client as the TLS side of a recording client: versions, our certificate as it checks it, and its own.
/// </summary>
public sealed class OpenSslTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeAuthority _authority = new();
    private readonly List<Process> _clients = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("talreg-openssl-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("-tls1_2", false)]
    [InlineData("-tls1_3", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task Siprec_session_through_openssl_is_taken_and_ended(string version, bool mutual)
    {
        var openssl = Peer.Require("openssl", "openssl");
        await using var bench = await StartAsync(mutual);
        var client = Start(openssl, bench.Endpoint(SipTransportKind.Tls), version, mutual ? Certificate() : []);
        using var src = await FakeSrc.ConnectAsync(bench.Endpoint(SipTransportKind.Tcp), tcp: true, Token);
        var ok = await AskAsync(client, OverTls(src.Invite()));
        Assert.StartsWith("SIP/2.0 200 ", ok, StringComparison.Ordinal);
        Assert.Contains("a=recvonly", ok, StringComparison.Ordinal);
        src.ToTag = FakeSrc.TagOf(ok);
        await SayAsync(client, OverTls(src.Request("ACK", 1)));
        Assert.StartsWith(
            "SIP/2.0 200 ", await AskAsync(client, OverTls(src.Request("BYE", 2))), StringComparison.Ordinal);
        var offer = Assert.Single(bench.Application.Offers);
        Assert.Equal((SipTransportKind.Tls, mutual ? "sbc1" : ""), (offer.Transport, offer.Peer));
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Client_of_openssl_without_a_certificate_gets_no_answer_where_one_is_wanted(string version)
    {
        var openssl = Peer.Require("openssl", "openssl");
        await using var bench = await StartAsync(mutual: true);
        var client = Start(openssl, bench.Endpoint(SipTransportKind.Tls), version, []);
        await Wait.UntilAsync(() => bench.Server.Counters.ConnectionsFailed > 0, "the failure to be counted");
        Assert.Empty(bench.Application.Offers);
        await client.WaitForExitAsync(Token).WaitAsync(Patience, Token);
    }

    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Kill();
            client.Dispose();
        }

        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string OverTls(string message) =>
        message.Replace("SIP/2.0/TCP", "SIP/2.0/TLS", StringComparison.Ordinal);

    private static async Task SayAsync(Process client, string message)
    {
        await client.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(message), Token);
        await client.StandardInput.BaseStream.FlushAsync(Token);
    }

    /// <summary>Sends a request and gives its final response.</summary>
    private static async Task<string> AskAsync(Process client, string request)
    {
        await SayAsync(client, request);
        var text = "";
        var buffer = new byte[8_192];
        while (true)
        {
            var read = await client.StandardOutput.BaseStream.ReadAsync(buffer, Token).AsTask()
                .WaitAsync(Patience, Token);
            if (read == 0)
            {
                Assert.Fail($"openssl ended: {await client.StandardError.ReadToEndAsync(Token)}");
            }

            text += Encoding.UTF8.GetString(buffer, 0, read);
            var final = text.IndexOf("SIP/2.0 200 ", StringComparison.Ordinal);
            if (final >= 0 && text.IndexOf("\r\n\r\n", final, StringComparison.Ordinal) >= 0)
            {
                return text[final..];
            }
        }
    }

    private Process Start(string openssl, IPEndPoint server, string version, string[] own)
    {
        string[] words =
        [
            "s_client", "-connect", $"{server}", "-servername", "localhost", "-verify_hostname", "localhost",
            "-CAfile", _authority.WriteRoot(_folder), "-verify_return_error", "-quiet", version, .. own,
        ];
        var client = Process.Start(new ProcessStartInfo(openssl, words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        _clients.Add(client);
        return client;
    }

    private string[] Certificate()
    {
        using var issued = _authority.Issue(["sbc1.example.com"]);
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "own")).FullName;
        var (certificate, key) = _authority.Write(folder, issued);
        return ["-cert", certificate, "-key", key];
    }

    private async Task<DutyBench> StartAsync(bool mutual)
    {
        using var issued = _authority.Issue(["localhost"]);
        var (certificate, key) = _authority.Write(_folder, issued);
        return await DutyBench.StartAsync(options => options with
        {
            Tls = new SipTlsOptions
            {
                Listeners = [new IPEndPoint(IPAddress.Loopback, 0)],
                CertificatePath = certificate,
                KeyPath = key,
                TrustPath = mutual ? _authority.WriteRoot(_folder) : null,
            },
            Access = new SipAccess
            {
                Peers = mutual ? [new SipPeer { Name = "sbc1", CertificateNames = ["sbc1.example.com"] }] : [],
            },
        });
    }
}
