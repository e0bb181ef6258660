using System.Net;
using System.Net.Http.Headers;
using Talreg.Evidence.Keys;
using Talreg.Silo.Hosting.Cluster;
using Talreg.Silo.Options;
using Talreg.Silo.Reading;
using Talreg.Store.Reading;
using Talreg.TestKit;

namespace Talreg.Silo.Tests.Reading;

/// <summary>Client and server of reading, over real HTTP/2: what a ticket opens, and what nothing opens.</summary>
public sealed class ReadingServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copy_in_ranges_gives_the_recording_byte_for_byte_and_keys_open_it()
    {
        await using var host = await ReadingHost.StartAsync();
        using var client = new ReadingClient(tls: null);
        using var copy = new MemoryStream();
        long total = 1;
        for (long first = 0; first < total; first += 1000)
        {
            total = await client.CopyAsync(
                host.Address("bytes"), host.Ticket(ReadKind.Bytes, first, 1000), first, 1000, copy, Token);
        }

        Assert.Equal(host.Recording, copy.ToArray());
        Assert.Equal(host.Recording.Length, host.Server.BytesGiven);
        using var keys = await client.GetKeysAsync(host.Address("keys"), host.Ticket(ReadKind.Keys), Token);
        using var expected = OpeningKeys.Derive(host.TakeKey, 2);
        Assert.Equal(expected.Span, keys.Span);
        Assert.False(keys.Span.IndexOf(host.TakeKey) >= 0, "the take key itself is not given");
    }

    [Fact]
    public async Task Ask_over_mutual_tls_works_and_without_a_certificate_of_the_roots_it_does_not()
    {
        using var authority = new FakeAuthority();
        using var stranger = new FakeAuthority();
        using var files = new TemporaryFolder();
        await using var host = await ReadingHost.StartAsync(Tls(files, "gateway", authority));
        using var silo = new ReadingClient(Tls(files, "silo", authority));
        using var copy = new MemoryStream();
        Assert.Equal("https", host.Options.Address.Scheme);
        var length = host.Recording.Length;
        await silo.CopyAsync(
            host.Address("bytes"), host.Ticket(ReadKind.Bytes, 0, length), 0, length, copy, Token);
        Assert.Equal(host.Recording, copy.ToArray());

        using var other = new ReadingClient(Tls(files, "other", stranger));
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            other.GetKeysAsync(host.Address("keys"), host.Ticket(ReadKind.Keys), Token));
        using var bare = new ReadingClient(tls: null);
        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() =>
            bare.GetKeysAsync(host.Address("keys"), host.Ticket(ReadKind.Keys), Token));
        Assert.Contains("cluster-tls-", refusal.Message, StringComparison.Ordinal);
        using var naked = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null },
        });
        using var request = Request(host.Address("keys"), token: null);
        await Assert.ThrowsAsync<HttpRequestException>(() => naked.SendAsync(request, Token));
    }

    [Fact]
    public async Task Ask_of_a_silo_with_certificates_to_a_gateway_without_is_refused_before_it_is_sent()
    {
        using var authority = new FakeAuthority();
        using var files = new TemporaryFolder();
        await using var host = await ReadingHost.StartAsync();
        using var silo = new ReadingClient(Tls(files, "silo", authority));
        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() =>
            silo.GetKeysAsync(host.Address("keys"), host.Ticket(ReadKind.Keys), Token));
        Assert.Contains("without TLS", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, host.Desk.Count(TicketRefusal.None));
    }

    [Fact]
    public async Task Ask_with_a_used_ticket_or_none_or_for_something_else_is_refused_by_name()
    {
        await using var host = await ReadingHost.StartAsync();
        using var http = new HttpClient();
        var token = host.Ticket(ReadKind.Bytes, 10, 20);
        await AssertAsync(http, Request(host.Address("bytes"), token, 10, 29), 206, "");
        await AssertAsync(http, Request(host.Address("bytes"), token, 10, 29), 401, "usedUp");
        await AssertAsync(http, Request(host.Address("bytes"), null, 10, 29), 401, "malformed");
        await AssertAsync(http, Request(host.Address("keys"), host.Ticket(ReadKind.Bytes, 0, 9)), 401, "foreign");
        await AssertAsync(
            http, Request(host.Address("bytes"), host.Ticket(ReadKind.Bytes, 10, 20), 10, 30), 401, "outsideRange");
        await AssertAsync(http, Request(host.Address("bytes"), host.Ticket(ReadKind.Bytes, 0, 9)), 400, "noRange");
        await AssertAsync(
            http, Request(host.Address("bytes"), host.Ticket(ReadKind.Bytes, 10_000, 9), 10_000, 10_008), 416,
            "outsideRecording");
        host.Desk.Key = null;
        await AssertAsync(http, Request(host.Address("keys"), host.Ticket(ReadKind.Keys)), 503, "noKey");
        Assert.Equal(
            (1, 1, 1), (host.Desk.Count(TicketRefusal.UsedUp), host.Desk.Count(TicketRefusal.Foreign), host.Desk.Count(
                TicketRefusal.NoKey)));
    }

    [Fact]
    public async Task Ask_while_the_gateway_sheds_load_or_for_an_erased_take_is_refused_by_name()
    {
        await using var host = await ReadingHost.StartAsync();
        using var client = new ReadingClient(tls: null);
        host.Shedding = true;
        var busy = await Assert.ThrowsAsync<ReadingRefusedException>(() =>
            client.GetKeysAsync(host.Address("keys"), host.Ticket(ReadKind.Keys), Token));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (busy.Status, host.Server.TurnedAway));
        Assert.StartsWith("busy: ", busy.Message, StringComparison.Ordinal);
        host.Shedding = false;
        await host.EraseAsync();
        var erased = await Assert.ThrowsAsync<ReadingRefusedException>(() =>
            client.GetKeysAsync(host.Address("keys"), host.Ticket(ReadKind.Keys), Token));
        Assert.Equal(HttpStatusCode.Gone, erased.Status);
    }

    [Fact]
    public async Task Ask_over_http_1_1_gets_nothing()
    {
        await using var host = await ReadingHost.StartAsync();
        using var http = new HttpClient();
        using var request = Request(host.Address("keys"), host.Ticket(ReadKind.Keys));
        request.Version = HttpVersion.Version11;
        using var response = await http.SendAsync(request, Token);
        Assert.False(response.IsSuccessStatusCode);
        Assert.Equal(0, host.Desk.Count(TicketRefusal.None));
    }

    private static ClusterTls Tls(TemporaryFolder files, string name, FakeAuthority authority)
    {
        var folder = Directory.CreateDirectory(Path.Combine(files.Path, name)).FullName;
        var (certificate, key) = authority.Write(folder, authority.Issue([$"{name}.test"]));
        return ClusterTls.Load(new ClusterTlsSettings(certificate, key, authority.WriteRoot(folder)));
    }

    private static HttpRequestMessage Request(Uri address, string? token, long? from = null, long? to = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address)
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Ticket", token);
        request.Headers.Range = from is null ? null : new RangeHeaderValue(from, to);
        return request;
    }

    private static async Task AssertAsync(HttpClient http, HttpRequestMessage request, int status, string refusal)
    {
        using (request)
        {
            using var response = await http.SendAsync(request, Token);
            Assert.Equal((status, HttpVersion.Version20), ((int)response.StatusCode, response.Version));
            Assert.Contains(
                refusal.Length == 0 ? "" : $"\"refusal\":\"{refusal}\"",
                await response.Content.ReadAsStringAsync(Token),
                StringComparison.Ordinal);
        }
    }
}
