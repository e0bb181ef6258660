using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;

namespace Talreg.State.Tests;

/// <summary>What every read model must do. An index's test class inherits it and says how one is made.</summary>
public abstract class CallIndexConformance
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The index under test, empty at the start of each test.</summary>
    protected abstract ICallIndex Index { get; }

    [Fact]
    public async Task SearchAsync_gives_the_document_as_put()
    {
        var call = Calls.Make(Calls.Epoch, "sip:ann@example.com");
        await Index.PutAsync(call, Token);
        var found = Assert.Single((await FindAsync()).Items);
        Assert.Equal(Json(call), Json(found));
    }

    [Fact]
    public async Task PutAsync_again_replaces_the_call_and_its_parties()
    {
        var call = Calls.Make(Calls.Epoch, "sip:ann@example.com");
        await Index.PutAsync(call, Token);
        await Index.PutAsync(
            call with { Participants = [new Participant { Id = "p", Aor = "tel:+49891" }], Channels = ["sip2/9"] },
            Token);
        Assert.Empty((await FindAsync(party: "ann")).Items);
        Assert.Empty((await FindAsync(channel: "sip1/0812345")).Items);
        Assert.Single((await FindAsync(party: "49891", channel: "sip2/9")).Items);
    }

    [Theory]
    [InlineData("sip:+49 (89) 123-45@Example.com;user=phone", "+498912345", true)]
    [InlineData("sip:+498912345@example.com", "498912345", true)]
    [InlineData("sip:+498912345@example.com", "tel:+49-89-12345", true)]
    [InlineData("sip:+498912345@example.com", "sips:+498912345@EXAMPLE.com;transport=tls", true)]
    [InlineData("sip:+498912345@example.com", "+4989*", true)]
    [InlineData("sip:+498912345@example.com", "498*", true)]
    [InlineData("sip:Ann@example.com", "ann", true)]
    [InlineData("sip:Ann@example.com", "ann@example.com", true)]
    [InlineData("sip:Ann@example.com", "ann@exa*", true)]
    [InlineData("sip:Ann@example.com", "an", false)]
    [InlineData("sip:Ann@example.com", "example.com", false)]
    [InlineData("sip:100@example.com", "10_", false)]
    [InlineData("sip:100@example.com", "%", false)]
    [InlineData("sip:498912345@example.com", "4989123456", false)]
    public async Task SearchAsync_by_party_finds_its_forms(string aor, string party, bool expected)
    {
        await Index.PutAsync(Calls.Make(Calls.Epoch, aor), Token);
        Assert.Equal(expected ? 1 : 0, (await FindAsync(party: party)).Items.Count);
    }

    [Theory]
    [InlineData("12*")]
    [InlineData("*")]
    [InlineData("+ 1-*")]
    public async Task SearchAsync_with_a_short_prefix_is_refused(string party)
    {
        var thrown = await Assert.ThrowsAsync<RefusalException>(() => FindAsync(party: party));
        Assert.Equal(RefusalKind.Invalid, thrown.Kind);
    }

    [Fact]
    public async Task SearchAsync_filters_by_time_state_and_tenant()
    {
        await Index.PutAsync(Calls.Make(Calls.Epoch, "sip:a@x"), Token);
        await Index.PutAsync(Calls.Make(Calls.Epoch.AddHours(1), "sip:a@x", state: CallState.Active), Token);
        await Index.PutAsync(Calls.Make(Calls.Epoch, "sip:a@x", tenant: "other"), Token);
        Assert.Equal(2, (await FindAsync()).Items.Count);
        Assert.Single((await FindAsync(from: Calls.Epoch.AddTicks(1))).Items);
        Assert.Single((await FindAsync(from: Calls.Epoch, to: Calls.Epoch.AddHours(1))).Items);
        Assert.Equal(CallState.Active, Assert.Single((await FindAsync(state: CallState.Active)).Items).State);
        Assert.Single((await FindAsync(tenant: "other")).Items);
        await Index.ClearAsync(Token);
        Assert.Empty((await FindAsync()).Items);
    }

    [Fact]
    public async Task SearchAsync_pages_across_equal_times_and_newer_inserts_without_loss_or_repetition()
    {
        var expected = new HashSet<CallId>();
        for (var n = 0; n < 50; n++)
        {
            var call = Calls.Make(Calls.Epoch.AddSeconds(n / 20), "sip:a@x");
            expected.Add(call.Id);
            await Index.PutAsync(call, Token);
        }

        var seen = new List<CallId>();
        string? cursor = null;
        do
        {
            var page = await FindAsync(limit: 7, cursor: cursor);
            seen.AddRange(page.Items.Select(c => c.Id));
            cursor = page.Next;
            await Index.PutAsync(Calls.Make(Calls.Epoch.AddDays(1), "sip:a@x"), Token);
        }
        while (cursor is not null);
        Assert.Equal(50, seen.Count);
        Assert.True(expected.SetEquals(seen));
    }

    [Theory]
    [InlineData("' OR '1'='1")]
    [InlineData("'; DROP TABLE calls; --")]
    [InlineData("x' UNION SELECT document FROM calls --")]
    [InlineData("@0")]
    public async Task SearchAsync_with_sql_in_a_parameter_finds_nothing_and_harms_nothing(string text)
    {
        await Index.PutAsync(Calls.Make(Calls.Epoch, "sip:a@x"), Token);
        Assert.Empty((await FindAsync(party: text)).Items);
        Assert.Empty((await FindAsync(party: "abc" + text + "*")).Items);
        Assert.Empty((await FindAsync(channel: text)).Items);
        Assert.Empty((await FindAsync(tenant: text)).Items);
        await Assert.ThrowsAsync<RefusalException>(() => FindAsync(cursor: text));
        await Index.PutAsync(Calls.Make(Calls.Epoch, text, channel: text, tenant: "t2"), Token);
        Assert.Single((await FindAsync(tenant: "t2", channel: text)).Items);
        Assert.Single((await FindAsync()).Items);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
    public async Task SearchAsync_with_a_cursor_that_is_none_is_refused(string cursor) =>
        await Assert.ThrowsAsync<RefusalException>(() => FindAsync(cursor: cursor));

    [Theory]
    [InlineData(0)]
    [InlineData(501)]
    public async Task SearchAsync_with_a_limit_out_of_range_is_refused(int limit) =>
        await Assert.ThrowsAsync<RefusalException>(() => FindAsync(limit: limit));

    [Fact]
    public async Task PutAsync_of_texts_no_database_likes_stores_and_finds_them()
    {
        // NUL, half a surrogate pair, and an address that is cut in the middle of one.
        var wide = "sip:" + new string('a', 255) + "\U0001F600@x";
        string[] parties = ["sip:nul\0@x", "sip:half\uD83D@x", wide];
        foreach (var party in parties)
        {
            await Index.PutAsync(Calls.Make(Calls.Epoch, party, channel: "sip1/a\0b"), Token);
            Assert.Single((await FindAsync(party: party)).Items);
        }

        Assert.Equal(parties.Length, (await FindAsync(channel: "sip1/a\0b")).Items.Count);
    }

    [Fact]
    public async Task PutAsync_of_one_call_by_eight_writers_at_once_leaves_one_of_them_whole()
    {
        for (var round = 0; round < 20; round++)
        {
            var call = Calls.Make(Calls.Epoch.AddSeconds(round), "sip:x@x");
            await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => Index.PutAsync(
                call with { Participants = [new Participant { Id = "p", Aor = $"sip:w{n}@x" }] }, Token).AsTask())));
            var found = Assert.Single((await FindAsync(from: call.StartedAt, to: call.StartedAt.AddSeconds(1))).Items);
            var winner = found.Participants[0].Aor;
            for (var n = 0; n < 8; n++)
            {
                var hits = (await FindAsync(party: $"w{n}@x", from: call.StartedAt)).Items.Count;
                Assert.Equal(winner == $"sip:w{n}@x" ? 1 : 0, hits);
            }

            await Index.ClearAsync(Token);
        }
    }

    [Fact]
    public async Task ClearAsync_and_the_same_calls_again_answer_as_before()
    {
        var calls = Enumerable.Range(0, 60)
            .Select(n => Calls.Make(Calls.Epoch.AddSeconds(n / 3), $"sip:+4989{n % 7:D4}@x", $"sip1/{n % 4}")).ToList();
        var before = await AnswersAsync();
        await Index.ClearAsync(Token);
        Assert.Empty((await FindAsync()).Items);
        calls.Reverse();
        Assert.Equal(before, await AnswersAsync());

        async Task<List<string>> AnswersAsync()
        {
            foreach (var call in calls)
            {
                await Index.PutAsync(call, Token);
            }

            CallPage[] pages =
            [
                await FindAsync(limit: 500), await FindAsync(party: "+4989*"), await FindAsync(channel: "sip1/2"),
                await FindAsync(party: "+49890003", from: Calls.Epoch.AddSeconds(5)),
            ];
            return [.. pages.SelectMany(page => page.Items).Select(Json)];
        }
    }

    [Fact]
    public async Task SearchAsync_among_20000_calls_stays_fast()
    {
        await Parallel.ForAsync(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (n, token) =>
            await Index.PutAsync(
                Calls.Make(Calls.Epoch.AddSeconds(n), $"sip:+49{n % 5000:D8}@x", $"sip1/{n % 100}"), token));
        var times = new List<double>();
        for (var n = 0; n < 400; n++)
        {
            var started = Stopwatch.GetTimestamp();
            var page = (n % 4) switch
            {
                0 => await FindAsync(party: $"+49{n:D8}"),
                1 => await FindAsync(party: $"490000{n % 50:D2}*", limit: 50),
                2 => await FindAsync(channel: $"sip1/{n % 100}", limit: 50),
                _ => await FindAsync(from: Calls.Epoch.AddSeconds(n), limit: 50),
            };
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            Assert.NotEmpty(page.Items);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"20,000 calls, 400 searches: p50 {times[200]:0.0} ms, p95 {times[380]:0.0} ms"));
        Assert.True(times[380] < 500, $"p95 was {times[380]} ms");
    }

    private static string Json(CallDocument call) => JsonSerializer.Serialize(call, TalregJson.Options);

    private Task<CallPage> FindAsync(
        string tenant = "default", string? party = null, string? channel = null, DateTimeOffset? from = null,
        DateTimeOffset? to = null, CallState? state = null, int limit = 100, string? cursor = null) =>
        Index.SearchAsync(new CallQuery(tenant, party, channel, from, to, state, limit, cursor), Token).AsTask();
}
