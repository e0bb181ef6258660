using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Ledger;
using Talreg.Gateway.Scrub;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests;

/// <summary>Sealed recordings rot: the scrub finds it, tells it once, keeps the recording, and says nothing of the others.</summary>
public sealed class ScrubTests
{
    private const int Calls = 4;

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
        await PassAsync(scrub, calls);
        await PassAsync(scrub, calls);
        Assert.True(scrub.Counters is { Damaged: 1, Whole: 2 * (Calls - 1), Found: 2 }, $"{part}: {scrub.Counters}");
        var told = Assert.Single(calls.Leaves, leaf => leaf.Kind == LedgerEventKind.Gap && Reason(leaf) == "damage");
        Assert.Equal(TakeOf(hit), TakeOf(told));
        Assert.Equal(rotten, await File.ReadAllBytesAsync(path, Token));
        Assert.True(File.Exists(path + ".damaged"), part);
        Assert.Single(Directory.GetFiles(calls.Folder, "*.damaged", SearchOption.AllDirectories));

        Flip(path, at);
        await PassAsync(scrub, calls);
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
        await PassAsync(scrub, calls);
        Assert.Equal(2, scrub.Counters.Damaged);
        Assert.Equal(Calls - 2, scrub.Counters.Whole);
        Assert.Equal(2, calls.Leaves.Count(leaf => Reason(leaf) == "damage"));
    }

    [Fact]
    public async Task Restart_goes_on_where_the_pass_stopped()
    {
        await using var calls = await SealedAsync();
        var leaves = calls.Leaves.Count;
        using (var scrub = New(calls))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
            calls.Ledger.ReadAsync(2).Returns<IReadOnlyList<LedgerRecord>>(_ => throw new TimeoutException());
            var running = scrub.RunAsync(stop.Token);
            await Wait.UntilAsync(() => scrub.Counters.NextLeaf == 2, "two leaves are read", cancellationToken: Token);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }

        Answer(calls, page: leaves);
        using var again = New(calls);
        await PassAsync(again, calls);
        Assert.Equal(Calls - 2, again.Counters.Whole);
        Assert.NotNull(again.Counters.CompletedAt);
    }

    // A ledger of seals in pages of two, so that a pass can be stopped between them.
    private static async Task<JournalOfCalls> SealedAsync()
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

    private static RecordingScrub New(JournalOfCalls calls) => new(
        new ScrubOptions { StateFile = Path.Combine(calls.Folder, "scrub.json"), BytesPerSecond = 1L << 40, Every = TimeSpan.Zero },
        "default",
        calls.Recordings,
        calls.Grains,
        TimeProvider.System,
        NullLogger<RecordingScrub>.Instance);

    private static async Task PassAsync(RecordingScrub scrub, JournalOfCalls calls)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var before = scrub.Counters.CompletedAt;
        var running = scrub.RunAsync(stop.Token);
        await Wait.UntilAsync(() => scrub.Counters.CompletedAt != before, "a whole pass", cancellationToken: Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

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
