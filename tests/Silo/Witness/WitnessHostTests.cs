using System.Net;
using System.Text;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;
using Talreg.Silo.Witness;

namespace Talreg.Silo.Tests.Witness;

/// <summary>Witnesses over real HTTP, against logs that are honest and logs that are not.</summary>
public sealed class WitnessHostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Follower_of_a_log_that_grows_cosigns_each_size_it_sees()
    {
        await using var log = await LogServer.StartAsync(Sub("log"));
        await using var witness = await StartAsync("w1", log);
        foreach (var count in new[] { 1, 300, 1000 })
        {
            log.Append(count);
            await witness.Follower.RunOnceAsync(Token);
            Assert.Equal((log.Size, 0), (Seen(witness).Size, witness.Register.Refusals));
            Assert.True(SignedNote.TryParse(Seen(witness).Note!, out var note, out _));
            Assert.NotNull(witness.Key.CosignedAt(note));
        }
    }

    [Fact]
    public async Task Follower_of_a_log_that_came_back_shorter_refuses_after_its_own_restart_too()
    {
        await using var log = await LogServer.StartAsync(Sub("log"));
        var old = log.Append(300);
        log.Append(100);
        await using (var witness = await StartAsync("w1", log))
        {
            await witness.Follower.RunOnceAsync(Token);
        }

        log.RollBack(old);
        await using var again = await StartAsync("w1", log);
        await again.Follower.RunOnceAsync(Token);
        Assert.Equal((400, 1), (Seen(again).Size, again.Register.Refusals));
        Assert.Contains("why=\"Shrunk\"} 1", await MetricsAsync(again), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_auditors_shown_two_histories_of_one_size_find_it()
    {
        await using var shownToFirst = await LogServer.StartAsync(Sub("a"));
        await using var shownToSecond = await LogServer.StartAsync(Sub("b"));
        shownToFirst.Append(300);
        shownToSecond.Append(300);
        shownToFirst.Append(1);
        shownToSecond.Append(1, "another");
        await using var first = await StartAsync("w1", shownToFirst);
        await using var second = await StartAsync("w2", shownToSecond, first.Http);
        await first.Follower.RunOnceAsync(Token);
        await second.Follower.RunOnceAsync(Token);

        Assert.Equal(1, second.Register.Refusals);
        var evidence = await File.ReadAllTextAsync(Seen(second).ForkFile, Token);
        Assert.Contains(shownToFirst.Checkpoint, evidence, StringComparison.Ordinal);
        Assert.Contains(shownToSecond.Checkpoint, evidence, StringComparison.Ordinal);

        shownToSecond.Append(1, "and on");
        await second.Follower.RunOnceAsync(Token);
        Assert.Equal(301, Seen(second).Size);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(500)]
    public async Task Two_auditors_shown_two_histories_of_different_sizes_find_it(int more)
    {
        await using var shownToFirst = await LogServer.StartAsync(Sub("a"));
        await using var shownToSecond = await LogServer.StartAsync(Sub("b"));
        shownToFirst.Append(200);
        shownToSecond.Append(300, "another");
        shownToFirst.Append(more);
        await using var first = await StartAsync("w1", shownToFirst);
        await using var second = await StartAsync("w2", shownToSecond, first.Http);
        await first.Follower.RunOnceAsync(Token);
        await second.Follower.RunOnceAsync(Token);

        Assert.Equal(1, second.Register.Refusals);
    }

    [Fact]
    public async Task Two_auditors_of_an_honest_log_agree_however_far_each_has_read()
    {
        await using var log = await LogServer.StartAsync(Sub("a"));
        await using var first = await StartAsync("w1", log);
        await using var second = await StartAsync("w2", log, first.Http);
        for (var round = 0; round < 4; round++)
        {
            log.Append(100);
            await first.Follower.RunOnceAsync(Token);
            log.Append(1 + (round * 7));
            await second.Follower.RunOnceAsync(Token);
        }

        Assert.Equal((0, 0, 0), (first.Register.Refusals, second.Register.Refusals, second.Register.Unread));
    }

    [Fact]
    public async Task AddCheckpoint_answers_as_the_specification_says()
    {
        await using var log = await LogServer.StartAsync(Sub("log"));
        await using var witness = await StartAsync("w1", log);
        using var http = new HttpClient { BaseAddress = witness.Http };
        var first = log.Append(10);
        var ok = await SendAsync(http, new AddCheckpoint(0, [], first));
        Assert.Equal(HttpStatusCode.OK, ok.Status);
        Assert.True(SignedNote.TryParse(first + ok.Body, out var note, out _));
        Assert.NotNull(witness.Key.CosignedAt(note));

        var second = log.Append(10);
        Assert.Equal((HttpStatusCode.Conflict, "10\n"), await SendAsync(http, new AddCheckpoint(0, [], second)));
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await SendAsync(http, new AddCheckpoint(10, [new byte[32]], second))).Status);
        Assert.Equal(
            HttpStatusCode.BadRequest, (await SendAsync(http, new AddCheckpoint(21, log.Prove(10), second))).Status);
        Assert.Equal(
            HttpStatusCode.OK, (await SendAsync(http, new AddCheckpoint(10, log.Prove(10), second))).Status);

        using var stranger = new LogSigner("other-log", new byte[32]);
        var unknown = stranger.SignCheckpoint(1, MerkleTree.EmptyRoot());
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(http, new AddCheckpoint(0, [], unknown))).Status);
        using var thief = new LogSigner(LogServer.Name, new byte[32]);
        var forged = thief.SignCheckpoint(20, MerkleTree.EmptyRoot());
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(http, new AddCheckpoint(20, [], forged))).Status);
        Assert.False(Seen(witness).IsForked);
        var fork = log.Signer.SignCheckpoint(20, MerkleTree.EmptyRoot());
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(http, new AddCheckpoint(20, [], fork))).Status);
        Assert.True(Seen(witness).IsForked);
        var malformed = await http.PostAsync("add-checkpoint", new StringContent("nothing"), Token);
        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
    }

    [Fact]
    public async Task WitnessClient_follows_a_witness_that_is_elsewhere_and_refuses_strangers()
    {
        await using var log = await LogServer.StartAsync(Sub("log"));
        await using var witness = await StartAsync("w1", log);
        using var http = new HttpClient();
        log.Append(50);
        await witness.Follower.RunOnceAsync(Token);
        var note = log.Append(50);
        var client = new WitnessClient(http, new WitnessAddress(witness.Key, witness.Http));
        var line = await client.CosignAsync(note, log.Size, log.Prove, Token);
        Assert.True(SignedNote.TryParse(note + line, out var signed, out _));
        Assert.NotNull(witness.Key.CosignedAt(signed));
        Assert.Equal(100, Seen(witness).Size);

        using var other = new Cosigner("w2", new byte[32]);
        var wrong = new WitnessClient(http, new WitnessAddress(other.Verifier, witness.Http));
        var refused = await Assert.ThrowsAsync<WitnessException>(
            () => wrong.CosignAsync(note, log.Size, log.Prove, Token));
        Assert.Contains("no valid cosignature by w2", refused.Message, StringComparison.Ordinal);
    }

    private static WitnessedLog Seen(WitnessHost witness) => witness.Register.Find(LogServer.Name)!;

    private static async Task<string> MetricsAsync(WitnessHost witness)
    {
        using var http = new HttpClient { BaseAddress = witness.Http };
        return await http.GetStringAsync("metrics", Token);
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpClient http, AddCheckpoint request)
    {
        using var content = new StringContent(request.ToText(), Encoding.UTF8, "text/plain");
        using var response = await http.PostAsync("add-checkpoint", content, Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }

    private string Sub(string name) => Path.Combine(_folder.Path, name);

    private async Task<WitnessHost> StartAsync(string name, LogServer log, params Uri[] peers)
    {
        var logs = Sub($"{name}.logs");
        await File.WriteAllTextAsync(logs, $"# followed\n{log.Line}\n", Token);
        var host = WitnessHost.Open(
            new WitnessOptions
            {
                Name = name,
                Data = Sub(name),
                Http = new IPEndPoint(IPAddress.Loopback, 0),
                Every = TimeSpan.FromHours(1),
                Logs = WitnessOptions.ReadLogs(logs),
                Peers = peers,
            },
            follows: false);
        await host.StartAsync(Token);
        return host;
    }
}
