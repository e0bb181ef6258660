using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using NSubstitute;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;
using Talreg.TestKit;

namespace Talreg.Api.Tests;

/// <summary>The log as an auditor reads it over HTTP.</summary>
public sealed class LogTests : IDisposable
{
    private const int Entries = 70_000;
    private const string Auditor = "tlr_auditors-token-of-sufficient-length";
    private readonly string _directory = Directory.CreateTempSubdirectory("talreg-api-ledger-").FullName;
    private readonly LogSigner _signer = new("talreg-0badcafe.default", new byte[32]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Tiles_alone_give_root_and_proofs_of_the_checkpoint()
    {
        using var log = Make(Entries);
        await using var host = await StartAsync();
        var remote = new RemoteLog(host.Client, new Uri(host.Client.BaseAddress!, "ledger/default"));
        Assert.True(Checkpoint.TryVerify(
            await remote.CheckpointAsync(Token), _signer.Verifier, out var checkpoint, out var reason), reason);
        Assert.Equal(Entries, checkpoint.Size);
        Assert.Equal(checkpoint.Root.ToArray(), await remote.RootAsync(Entries, Token));
        foreach (var leaf in new[] { 0, 255, 256, 65_535, 65_536, Entries - 1 })
        {
            var tile = await remote.TileAsync(Entry(leaf), Token);
            var entry = tile.AsSpan((leaf % 256 * 60) + 2, 58).ToArray();
            Assert.True(LedgerEntry.TryParse(entry, out var read, out reason), reason);
            Assert.Equal(leaf, read!.Sequence);
            var path = await remote.InclusionProofAsync(leaf, Entries, Token);
            Assert.True(MerkleProof.VerifyInclusion(
                MerkleTree.HashLeaf(entry), leaf, Entries, path, checkpoint.Root.Span));
        }

        foreach (var first in new[] { 1, 256, 65_536, 69_999 })
        {
            var path = await remote.ConsistencyProofAsync(first, Entries, Token);
            Assert.True(MerkleProof.VerifyConsistency(
                first, Entries, log.Root(first), checkpoint.Root.Span, path));
        }
    }

    [Theory]
    [InlineData("tile/0/x000/000", 404)]
    [InlineData("tile/0/x001/000", 404)]
    [InlineData("tile/0/000.p/0", 404)]
    [InlineData("tile/0/002.p/45", 404)]
    [InlineData("tile/0/002", 404)]
    [InlineData("tile/entries/002.p/45", 404)]
    [InlineData("tile/entries/..%2f..%2fopenings/000", 404)]
    [InlineData("tile/entries/%2e%2e/%2e%2e/openings/000", 404)]
    [InlineData("tile/..%2fcheckpoint", 404)]
    [InlineData("tile/0/..%5c..%5clock", 404)]
    [InlineData("openings/000", 404)]
    [InlineData("keys/000", 404)]
    [InlineData("lock", 404)]
    [InlineData("tile/0/002.p/44", 200)]
    [InlineData("tile/0/001.p/3", 200)]
    [InlineData("tile/entries/002.p/44", 200)]
    public async Task Only_tiles_of_the_published_tree_are_given(string path, int status)
    {
        using var log = Make((2 * 256) + 44);
        await using var host = await StartAsync();

        // A path that the client leaves alone: HttpClient would take the dots out itself.
        Assert.Equal(status, await RawAsync(host, $"/ledger/default/{path}"));
        Assert.Equal(404, await RawAsync(host, $"/ledger/other/{path}"));
        Assert.Equal(404, await RawAsync(host, $"/ledger/%2e%2e/{path}"));
    }

    [Fact]
    public async Task Tiles_may_be_cached_for_ever_and_checkpoints_not()
    {
        using var log = Make(300);
        await using var host = await StartAsync();
        var tile = await host.Client.GetAsync("/ledger/default/tile/0/001.p/44");
        Assert.Equal("application/octet-stream", tile.Content.Headers.ContentType!.ToString());
        Assert.True(tile.Headers.CacheControl!.Private);
        Assert.Equal(TimeSpan.FromDays(365), tile.Headers.CacheControl.MaxAge);
        var checkpoint = await host.Client.GetAsync("/ledger/default/checkpoint");
        Assert.Equal("text/plain; charset=utf-8", checkpoint.Content.Headers.ContentType!.ToString());
        Assert.True(checkpoint.Headers.CacheControl!.NoCache);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/ledger/default/cosigned")).StatusCode);
        log.PublishCosigned("a note\n");
        Assert.Equal("a note\n", await host.Client.GetStringAsync("/ledger/default/cosigned"));
    }

    [Fact]
    public async Task Auditor_reads_the_log_and_nothing_else()
    {
        using var log = Make(10);
        await using var host = await StartAsync();
        var nobody = await host.Anonymous.GetAsync("/ledger/default/checkpoint");
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        host.Anonymous.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Auditor);
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/ledger/default/checkpoint")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/ledger/default/tile/0/000.p/10")).StatusCode);
        foreach (var path in new[] { "/api/v1/calls", $"/api/v1/calls/{Samples.Id}/audio", "/ledger/key", "/nowhere" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await host.Anonymous.GetAsync(path)).StatusCode);
        }

        Assert.Equal(0, host.Media.Opened);
    }

    [Fact]
    public async Task Public_log_is_read_by_anyone_and_everything_else_is_not()
    {
        using var log = Make(10);
        await using var host = await StartAsync(isPublic: true);
        var tile = await host.Anonymous.GetAsync("/ledger/default/tile/entries/000.p/10");
        Assert.Equal(HttpStatusCode.OK, tile.StatusCode);
        Assert.True(tile.Headers.CacheControl!.Public);
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/ledger/default/checkpoint")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous.GetAsync("/ledger/checkpoint")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous.GetAsync("/api/v1/calls")).StatusCode);
    }

    [Fact]
    public async Task Burst_of_wrong_tokens_is_one_leaf()
    {
        await using var host = await StartAsync();
        LedgerEvent? told = null;
        host.Ledger.AppendAsync(Arg.Do<LedgerEvent>(leaf => told = leaf)).Returns(new LedgerReceipt(1, 2));
        host.Anonymous.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        for (var i = 0; i < 12; i++)
        {
            await host.Anonymous.GetAsync("/api/v1/calls");
        }

        await Wait.UntilAsync(() => told is not null, "the leaf of the burst", cancellationToken: Token);
        await host.Ledger.Received(1).AppendAsync(Arg.Any<LedgerEvent>());
        Assert.Equal(LedgerEventKind.LoginFailures, told!.Kind);
        Assert.Equal(
            """{"address":"127.0.0.1","attempts":10,"others":0,"tenant":"default","windowSeconds":60}""",
            Encoding.UTF8.GetString(told.Body));
    }

    [Fact]
    public async Task Copy_of_a_search_is_a_leaf_before_its_first_byte()
    {
        await using var host = await StartAsync();
        host.Index.SearchAsync(Arg.Any<Contracts.Calls.CallQuery>(), Arg.Any<CancellationToken>())
            .Returns(new Contracts.Calls.CallPage([Samples.Call], null));
        using var search = new HttpRequestMessage(HttpMethod.Get, "/api/v1/calls?party=100&limit=5");
        search.Headers.Accept.ParseAdd("application/vnd.apache.arrow.stream");
        Assert.Equal(HttpStatusCode.OK, (await host.Client.SendAsync(search)).StatusCode);
        const string Body =
            """{"actor":"administrator","calls":1,"form":"arrow","query":"?party=100&limit=5","tenant":"default"}""";
        await host.Ledger.Received(1).AppendAsync(Arg.Is<LedgerEvent>(leaf =>
            leaf.Kind == LedgerEventKind.SearchExport && Encoding.UTF8.GetString(leaf.Body) == Body));

        host.Ledger.AppendAsync(Arg.Any<LedgerEvent>())
            .Returns<LedgerReceipt>(_ => throw new RefusalException(RefusalKind.Unavailable, "no"));
        using var again = new HttpRequestMessage(HttpMethod.Get, "/api/v1/calls");
        again.Headers.Accept.ParseAdd("application/vnd.apache.arrow.stream");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Client.SendAsync(again)).StatusCode);
    }

    private static TileAddress Entry(long leaf)
    {
        var tile = leaf / 256;
        return new TileAddress(null, tile, (int)Math.Min(256, Entries - (tile * 256)));
    }

    private static async Task<int> RawAsync(ApiHost host, string path)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port, Token);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ApiHost.Token}\r\nConnection: close\r\n\r\n"),
            Token);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var line = await reader.ReadLineAsync(Token);
        return int.Parse(line!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private LogFiles Make(int count)
    {
        var log = LogFiles.Open(Path.Combine(_directory, "default"), null);
        while (log.Head.Size < count)
        {
            var take = (int)Math.Min(LogFiles.MaxBatch, count - log.Head.Size);
            log.Append([.. Enumerable.Range(0, take).Select(i => Item(log.Head.Size + i))]);
        }

        log.PublishCheckpoint(_signer.SignCheckpoint(log.Head.Size, log.Head.Root));
        return log;
    }

    private static LogItem Item(long index)
    {
        var opening = new LedgerOpening(new byte[32], "{}"u8.ToArray());
        return new LogItem(
            new LedgerEntry(LedgerEntryType.Gap, index, index, opening.Commitment()), opening, new byte[32]);
    }

    private Task<ApiHost> StartAsync(bool isPublic = false) => ApiHost.StartAsync(change: options => options with
    {
        LedgerDirectory = _directory, LedgerIsPublic = isPublic, AuditorToken = Auditor,
    });
}
