using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;
using Talreg.Gateway.Scrub;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests;

/// <summary>Sealed recordings rot: the scrub finds it, tells it once, keeps the recording, and says nothing of the others.</summary>
public sealed class ScrubTests
{
    private const int Calls = 4;

    private static readonly TimeSpan Every = TimeSpan.FromDays(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Parts of a recording, by where they lie: a byte from the front, or from the end when negative.</summary>
    public static TheoryData<string, int> Parts { get; } = new()
    {
        { "header magic", 0 },
        { "take id", 10 },
        { "call id", 30 },
        { "reserved bytes of the header", 60 },
        { "chunk header", 64 + 80 },
        { "ciphertext", 64 + 208 + 3 },
        { "tag", 64 + 208 + 43 + 15 },
        { "metadata", -128 - 20 },
        { "chunks in the footer", -128 },
        { "chain head in the footer", -128 + 40 },
        { "content hash", -128 + 70 },
        { "reserved bytes of the footer", -128 + 100 },
        { "check of the footer", -8 },
        { "magic of the footer", -1 },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task Flip_in_any_part_is_found_told_once_and_kept(string part, int at)
    {
        await using var calls = await SealedAsync();
        var hit = calls.Seals.ElementAt(1);
        var path = PathOf(calls, hit);
        var rotten = Flip(path, at);

        using var scrub = New(calls);
        await scrub.PassAsync(Token);
        await scrub.PassAsync(Token);
        Assert.True(scrub.Counters is { Damaged: 1, Whole: 2 * (Calls - 1), Found: 2 }, $"{part}: {scrub.Counters}");
        var told = Assert.Single(calls.Leaves, leaf => leaf.Kind == LedgerEventKind.Gap && Reason(leaf) == "damage");
        Assert.Equal(TakeOf(hit), TakeOf(told));
        Assert.Equal(rotten, await File.ReadAllBytesAsync(path, Token));
        Assert.True(File.Exists(path + ".damaged"), part);
        Assert.Single(Directory.GetFiles(calls.Folder, "*.damaged", SearchOption.AllDirectories));

        Flip(path, at);
        await scrub.PassAsync(Token);
        Assert.Equal(0, scrub.Counters.Damaged);
        Assert.False(File.Exists(path + ".damaged"), part);
    }

    [Fact]
    public async Task Missing_recording_is_told_and_another_in_its_place_too()
    {
        await using var calls = await SealedAsync();
        File.Delete(PathOf(calls, calls.Seals.First()));
        File.Copy(PathOf(calls, calls.Seals.ElementAt(1)), PathOf(calls, calls.Seals.ElementAt(2)), overwrite: true);
        using var scrub = New(calls);
        await scrub.PassAsync(Token);
        Assert.Equal(2, scrub.Counters.Damaged);
        Assert.Equal(Calls - 2, scrub.Counters.Whole);
        Assert.Equal(2, calls.Leaves.Count(leaf => Reason(leaf) == "damage"));
    }

    [Fact]
    public async Task Seals_of_another_gateway_in_the_same_ledger_are_passed_over()
    {
        await using var calls = await SealedAsync();
        await using var other = await SealedAsync();
        var ours = calls.Leaves.ToList();
        calls.Ledger.GetCheckpointAsync().Returns(_ => $"origin\n{2 * Calls}\nroot\n");
        calls.Ledger.ReadAsync(Arg.Any<long>()).Returns(call => (IReadOnlyList<LedgerRecord>)
        [
            .. ours.Concat(other.Leaves)
                .Select((leaf, i) => new LedgerRecord(i, leaf.Kind, new LedgerReceipt(i, i + 1), leaf.Body))
                .Skip((int)call.Arg<long>()),
        ]);

        using var scrub = New(calls);
        await scrub.PassAsync(Token);

        Assert.True(scrub.Counters is { Whole: Calls, Found: 0, Damaged: 0, NextLeaf: 2 * Calls }, $"{scrub.Counters}");
        Assert.Equal(ours.Count, calls.Leaves.Count);
    }

    [Fact]
    public async Task Restart_goes_on_where_the_pass_stopped()
    {
        await using var calls = await SealedAsync();
        var leaves = calls.Leaves.Count;
        using (var scrub = New(calls))
        {
            calls.Ledger.ReadAsync(2).Returns<IReadOnlyList<LedgerRecord>>(_ => throw new TimeoutException());
            await Assert.ThrowsAsync<TimeoutException>(() => scrub.PassAsync(Token));
            Assert.Equal((2, 2), (scrub.Counters.NextLeaf, scrub.Counters.Whole));
            Assert.Null(scrub.Counters.CompletedAt);
        }

        Answer(calls, page: leaves);
        using var again = New(calls);
        await again.PassAsync(Token);
        Assert.Equal(Calls - 2, again.Counters.Whole);
        Assert.NotNull(again.Counters.CompletedAt);
    }

    [Fact]
    public async Task Passes_follow_one_another_when_they_are_due()
    {
        await using var calls = await SealedAsync();
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        using var scrub = New(calls, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = scrub.RunAsync(stop.Token);
        await Wait.UntilAsync(() => scrub.Counters.Whole == Calls, "the first pass, at once", cancellationToken: Token);
        await Wait.UntilAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromDays(1));
                return scrub.Counters.Whole == 2 * Calls;
            },
            "the second pass",
            cancellationToken: Token);
        Assert.True(clock.GetUtcNow() >= DateTimeOffset.UnixEpoch + Every, $"a second pass at {clock.GetUtcNow()}");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public void Pace_lets_no_more_through_than_its_bytes_a_second()
    {
        var clock = new FakeTimeProvider();
        var pace = new ReadPace(1000, clock, Token);
        Assert.Equal(TimeSpan.FromSeconds(1), pace.Debt(1000));
        Assert.Equal(TimeSpan.FromSeconds(1.5), pace.Debt(500));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(0.25), pace.Debt(250));
    }

    // A ledger of seals in pages of two, so that a pass can be stopped between them.
    internal static async Task<JournalOfCalls> SealedAsync()
    {
        var calls = new JournalOfCalls();
        await calls.RecordAndDieAsync(Calls, Token);
        await calls.OpenAsync(Token);
        await using (var queue = calls.NewQueue())
        {
            using var recovered = calls.NewRecovered(queue);
            queue.Start();
            await recovered.RunAsync(Token);
            await Wait.UntilAsync(() => recovered.Left == 0, "all are sealed", cancellationToken: Token);
        }

        calls.KeepOnly(LedgerEventKind.Seal);
        Answer(calls, page: 2);
        return calls;
    }

    private static void Answer(JournalOfCalls calls, int page)
    {
        calls.Ledger.GetCheckpointAsync().Returns(_ => $"origin\n{calls.Leaves.Count}\nroot\n");
        calls.Ledger.ReadAsync(Arg.Any<long>()).Returns(call => (IReadOnlyList<LedgerRecord>)
        [
            .. calls.Leaves.Select((leaf, i) => new LedgerRecord(i, leaf.Kind, new LedgerReceipt(i, i + 1), leaf.Body))
                .Skip((int)call.Arg<long>()).Take(page),
        ]);
    }

    private static RecordingScrub New(JournalOfCalls calls, TimeProvider? clock = null) => new(
        new ScrubOptions
        {
            StateFile = Path.Combine(calls.Folder, "scrub.json"), BytesPerSecond = 1L << 40, Every = Every,
        },
        "default",
        calls.Recordings,
        calls.Grains,
        clock ?? TimeProvider.System,
        NullLogger<RecordingScrub>.Instance);

    private static byte[] Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at < 0 ? bytes.Length + at : at] ^= 0x20;
        File.WriteAllBytes(path, bytes);
        return bytes;
    }

    private static string PathOf(JournalOfCalls calls, LedgerEvent leaf) =>
        Directory.GetFiles(calls.Folder, $"{TakeOf(leaf)}.trec", SearchOption.AllDirectories).Single();

    private static string TakeOf(LedgerEvent leaf) => JsonNode.Parse(leaf.Body)!["take"]!.GetValue<string>();

    private static string? Reason(LedgerEvent leaf) => JsonNode.Parse(leaf.Body)!["reason"]?.GetValue<string>();
}
