using System.Text.Json.Nodes;
using NSubstitute;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Evidence.Chunks;
using Talreg.Gateway.Sealing;
using Talreg.Store.Recordings;
using Talreg.TestKit;

namespace Talreg.Gateway.Tests;

/// <summary>What earlier processes left is sealed beside recording, all of it, whatever happened before.</summary>
public sealed class RecoveredTakesTests
{
    private const int Calls = 100;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recording_is_possible_before_recovered_takes_are_sealed_and_all_are_in_the_end()
    {
        await using var calls = new JournalOfCalls();
        var left = await calls.RecordAndDieAsync(Calls, Token);
        await calls.OpenAsync(Token);
        await using var queue = calls.NewQueue();
        using var recovered = calls.NewRecovered(queue);
        queue.SetPaused(true);
        queue.Start();
        var running = recovered.RunAsync(Token);
        await Wait.UntilAsync(() => recovered.Left == Calls, "the takes left are found", cancellationToken: Token);

        var take = calls.OpenTake();
        using var producer = calls.Journal.CreateProducer();
        Assert.True(producer.TryAppendChunk(take, JournalOfCalls.Facts(), JournalOfCalls.Text()));
        producer.Flush();
        await Wait.UntilAsync(() => take.CommittedChunks == 1, "a new call's chunk", cancellationToken: Token);
        Assert.Empty(calls.Seals);
        Assert.Equal(Calls, recovered.Left);

        queue.SetPaused(false);
        await running;
        await Wait.UntilAsync(() => recovered.Left == 0, "everything left is sealed", cancellationToken: Token);
        Assert.Equal(
            left.Select(one => $"seal/{one.TakeId:D}").Order(), calls.Seals.Select(leaf => leaf.Key).Order());
        Assert.Equal(Calls, calls.Recordings.List().Count());
        Assert.Equal((Calls, 0L), (queue.Sealed, recovered.Failed));
        Assert.Equal(1, calls.Journal.Health.Segments);
    }

    [Fact]
    public async Task Recording_whose_leaf_was_never_written_is_finished_and_one_the_call_knows_is_only_released()
    {
        await using var calls = new JournalOfCalls();
        var left = await calls.RecordAndDieAsync(2, Token);
        await SealOnlyAsync(calls);
        calls.Call.GetAsync().Returns(Known(left[0]));

        await calls.OpenAsync(Token);
        var report = await calls.Journal.RecoveredAsync(Token);
        Assert.Empty(report.Takes);
        Assert.Equal(2, report.Recorded.Count);
        await using var queue = calls.NewQueue();
        using var recovered = calls.NewRecovered(queue);
        queue.Start();
        await recovered.RunAsync(Token);
        await Wait.UntilAsync(() => recovered.Left == 0, "both are done with", cancellationToken: Token);
        Assert.Equal($"seal/{left[1].TakeId:D}", Assert.Single(calls.Seals).Key);
        Assert.Equal(1, calls.Journal.Health.Segments);
    }

    [Fact]
    public async Task Take_whose_leaf_is_refused_holds_no_other_up_and_is_sealed_later()
    {
        await using var calls = new JournalOfCalls();
        var left = await calls.RecordAndDieAsync(4, Token);
        var refused = $"seal/{left[0].TakeId:D}";
        var open = false;
        calls.Refuses = leaf => leaf.Key == refused && !Volatile.Read(ref open);
        await calls.OpenAsync(Token);
        await using var queue = calls.NewQueue();
        using var recovered = calls.NewRecovered(queue);
        queue.Start();
        await recovered.RunAsync(Token);
        await Wait.UntilAsync(() => queue.Sealed == 3, "the others are sealed", cancellationToken: Token);
        Assert.Equal(1, queue.Waiting);
        Volatile.Write(ref open, true);
        await Wait.UntilAsync(() => queue.Sealed == 4, "the refused one is sealed", cancellationToken: Token);
        Assert.Equal(refused, calls.Seals.Last().Key);
    }

    [Fact]
    public async Task Kernel_drops_told_in_an_event_survive_a_crash()
    {
        await using var calls = new JournalOfCalls();
        await calls.OpenAsync(Token);
        var take = calls.OpenTake();
        var before = new TakeDocument
        {
            Id = new TakeId(take.Identity.TakeId), Gateway = "gw1", Epoch = 1, CommittedChunks = 0,
            Streams = [new StreamDocument { Index = 0, Label = "1", Codec = "PCMU", KernelDrops = 7 }],
        };
        await calls.Journal.AppendEventAsync(
            take,
            TakeFacts.WriteEvent(
                [new StreamFormat("1", "PCMU", 0, 8000, null)], new TakeChanged(before, [], [CallFlags.SharedDrops])),
            Token);
        await calls.Journal.DisposeAsync();

        var told = new List<TakeSealed>();
        calls.Call.TakeSealedAsync(Arg.Do<TakeSealed>(told.Add)).Returns(Task.CompletedTask);
        await calls.OpenAsync(Token);
        await using var queue = calls.NewQueue();
        using var recovered = calls.NewRecovered(queue);
        queue.Start();
        await recovered.RunAsync(Token);
        await Wait.UntilAsync(() => queue.Sealed == 1, "the take is sealed", cancellationToken: Token);
        var seal = Assert.Single(told);
        Assert.Contains(CallFlags.SharedDrops, seal.Flags);
        Assert.Equal(7, Assert.Single(seal.Take.Streams).KernelDrops);
    }

    // A process that dies between the recording's name and its leaf.
    private static async Task SealOnlyAsync(JournalOfCalls calls)
    {
        await calls.OpenAsync(Token);
        foreach (var found in (await calls.Journal.RecoveredAsync(Token)).Takes)
        {
            await calls.Recordings.SealAsync(
                new SealRequest
                {
                    Take = found.Take,
                    Closed = found.CloseAs((byte)EndReason.Restart, DateTimeOffset.UnixEpoch),
                    Descriptor = new JsonObject { ["startMonotonicNs"] = "0" },
                    Metadata = [],
                },
                Token);
        }

        await calls.Journal.DisposeAsync();
    }

    private static CallDocument Known(TakeIdentity identity)
    {
        var call = new CallId(identity.CallId);
        var admitted = new CallAdmitted(
            call, "default", "s", ["sip1/100"], DateTimeOffset.UnixEpoch, Sample.Verdict, [], []);
        return CallTransitions.Admit(null, admitted) with
        {
            Takes =
            [
                new TakeDocument
                {
                    Id = new TakeId(identity.TakeId), Gateway = "gw1", Epoch = 1, CommittedChunks = 1, Streams = [],
                    Sealed = true,
                },
            ],
        };
    }
}
