using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Ledger;
using Talreg.Gateway.Sessions;
using Talreg.Store;
using Talreg.Store.Journal;
using Talreg.Store.Recordings;

namespace Talreg.Gateway.Sealing;

/// <summary>A finished take on its way to become a recording.</summary>
/// <param name="Finished">What it is.</param>
/// <param name="Take">Where its chunks lie.</param>
/// <param name="Reporter">Tells the cluster, behind everything said of the call before.</param>
internal sealed record SealJob(FinishedTake Finished, JournalTake Take, ClusterReporter Reporter)
{
    /// <summary>Called when the take is sealed and its call knows, or when this process can do nothing more for it.</summary>
    public Action? Ended { get; init; }

    /// <summary>How often it was tried in vain.</summary>
    public int Attempts { get; init; }
}

/// <summary>
/// Seals finished takes, those that wait together in one pass over the journal: copies their chunks into recordings, puts gaps
/// and seal into the ledger, tells the call, and only then lets the journal go. Each step can be repeated, so that a failure is
/// tried again, behind the takes that wait, and a crash is taken up at the next start.
/// </summary>
internal sealed class SealingQueue(
    GatewayOptions options,
    TakeJournal journal,
    RecordingStore recordings,
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<SealingQueue> logger) : IAsyncDisposable
{
    /// <summary>The most takes that wait to be sealed; beyond it the end of a session waits for its turn.</summary>
    public const int MaxWaiting = 10_000;

    /// <summary>The most takes sealed in one pass.</summary>
    public const int MaxBatch = 64;

    private const int Workers = 2;

    // An index line of 56 bytes each is held in memory meanwhile. A single take may have more.
    private const ulong MaxBatchChunks = 250_000;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly Channel<SealJob> _jobs = Channel.CreateBounded<SealJob>(MaxWaiting);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _workers = Task.CompletedTask;
    private TaskCompletionSource _running = Completed();
    private long _waiting;
    private long _sealed;
    private long _damaged;
    private int _draining;

    /// <summary>Takes that ended and are not yet sealed.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>Takes sealed since the start.</summary>
    public long Sealed => Interlocked.Read(ref _sealed);

    /// <summary>Takes whose journal does not hold what was closed: it is kept, and the next start seals what can be used.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <summary>Starts the workers.</summary>
    public void Start() => _workers = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(WorkAsync)));

    /// <summary>Begins no further seal until told again; one under way goes on. Draining ends a pause.</summary>
    public void SetPaused(bool paused)
    {
        if (!paused)
        {
            Volatile.Read(ref _running).TrySetResult();
        }
        else if (Volatile.Read(ref _running).Task.IsCompleted)
        {
            Volatile.Write(ref _running, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    /// <summary>Hands over a take. Waits while the queue is full.</summary>
    public ValueTask EnqueueAsync(SealJob job)
    {
        Interlocked.Increment(ref _waiting);
        return _jobs.Writer.WriteAsync(job, _stopping.Token);
    }

    /// <summary>Takes no more and waits until what is there is sealed, or until the time is up.</summary>
    /// <returns>How many takes were left; the next start seals them.</returns>
    public async Task<long> DrainAsync(TimeSpan within)
    {
        Volatile.Write(ref _draining, 1);
        SetPaused(false);
        try
        {
            if (Waiting > 0)
            {
                await _drained.Task.WaitAsync(within, clock).ConfigureAwait(false);
            }
        }
        catch (TimeoutException)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
        }

        _jobs.Writer.TryComplete();
        await _workers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Waiting;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await DrainAsync(TimeSpan.Zero).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private static TaskCompletionSource Completed()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    private async Task WorkAsync()
    {
        var batch = new List<SealJob>(MaxBatch);
        while (await _jobs.Reader.WaitToReadAsync(_stopping.Token).ConfigureAwait(false))
        {
            await Volatile.Read(ref _running).Task.WaitAsync(_stopping.Token).ConfigureAwait(false);
            for (var chunks = 0UL;
                batch.Count < MaxBatch && chunks < MaxBatchChunks && _jobs.Reader.TryRead(out var job);
                chunks += job.Finished.Closed.Chunks)
            {
                batch.Add(job);
            }

            await SealAsync(batch).ConfigureAwait(false);
            batch.Clear();
        }
    }

    private async Task SealAsync(List<SealJob> batch)
    {
        var requests = await Task.WhenAll(batch.Select(RequestAsync)).ConfigureAwait(false);
        var outcomes = await recordings.SealAllAsync(requests, _stopping.Token).ConfigureAwait(false);
        await Task.WhenAll(batch.Select((job, i) => EndAsync(job, outcomes[i]))).ConfigureAwait(false);
    }

    private async Task<SealRequest> RequestAsync(SealJob job) => new()
    {
        Take = job.Take,
        Closed = job.Finished.Closed,
        Descriptor = TakeDescriptor.Write(job.Finished, options, journal.BootId),
        Metadata = Metadata(await DocumentAsync(job.Finished).ConfigureAwait(false), job.Finished),
    };

    private async Task EndAsync(SealJob job, SealOutcome outcome)
    {
        try
        {
            await TellAsync(job, outcome.Info ?? throw outcome.Failure!).ConfigureAwait(false);
            Interlocked.Increment(ref _sealed);
            Done(job);
        }
        catch (StoreException e) when (e.IsDamaged)
        {
            Interlocked.Increment(ref _damaged);
            logger.SealDamaged(job.Finished.Take.Id, job.Finished.Admission.Call, e);
            Done(job);
        }
        catch (Exception e) when (
            e is StoreException or IOException or TimeoutException or OrleansException or RefusalException)
        {
            _ = TryAgainAsync(job, e);
        }
    }

    // It waits beside the queue: what cannot be sealed now must not keep others from it.
    private async Task TryAgainAsync(SealJob job, Exception error)
    {
        var delay = TimeSpan.FromTicks(Math.Min(LongestDelay.Ticks, FirstDelay.Ticks << Math.Min(job.Attempts, 10)));
        logger.SealFailed(job.Finished.Take.Id, delay, error);
        var waiting = Task.Delay(delay, clock, _stopping.Token);
        await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (waiting.IsCompletedSuccessfully)
        {
            // Refused only once the queue is closed: the next start seals the take.
            await _jobs.Writer.WriteAsync(job with { Attempts = job.Attempts + 1 }, _stopping.Token).AsTask()
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Done(SealJob job)
    {
        job.Ended?.Invoke();
        if (Interlocked.Decrement(ref _waiting) == 0 && Volatile.Read(ref _draining) != 0)
        {
            _drained.TrySetResult();
        }
    }

    private async Task TellAsync(SealJob job, RecordingInfo info)
    {
        var finished = job.Finished;
        var ledger = grains.GetGrain<ILedgerGrain>(options.Tenant);
        await Task.WhenAll(finished.Gaps.Select((gap, i) =>
            ledger.AppendAsync(SealLeaves.Gap(finished, gap, i, options.Tenant)))).ConfigureAwait(false);
        var receipt = await ledger.AppendAsync(
            SealLeaves.Seal(
                finished, info.ContentHash.ToString(), options.Tenant, clock.GetUtcNow())).ConfigureAwait(false);
        var call = grains.GetGrain<ICallGrain>(finished.Admission.Call.Value);
        var take = finished.Take with { Sealed = true };
        await job.Reporter.ReportAsync(() => call.TakeSealedAsync(new TakeSealed(
            take, finished.EndedAt, finished.Reason, finished.Flags, receipt, finished.Admission))).ConfigureAwait(
                false);
        await journal.ReleaseAsync(job.Take, _stopping.Token).ConfigureAwait(false);
        logger.TakeSealed(take.Id, receipt.Leaf);
    }

    // The call's own grain knows commands and the takes of other gateways; when it does not answer, what this gateway knows
    // is sealed instead, so that a recording can always be found again from its own metadata.
    private async Task<CallDocument> DocumentAsync(FinishedTake finished)
    {
        try
        {
            var document = await grains.GetGrain<ICallGrain>(finished.Admission.Call.Value).GetAsync()
                .WaitAsync(options.AdmissionDeadline, clock).ConfigureAwait(false);
            return document ?? finished.Known;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            logger.ReportFailed(finished.Admission.Call, TimeSpan.Zero, e);
            return finished.Known;
        }
    }

    private static JsonObject Metadata(CallDocument before, FinishedTake finished) => new()
    {
        ["document"] = JsonSerializer.SerializeToNode(before, TalregJson.Options),
        ["take"] = JsonSerializer.SerializeToNode(finished.Take with { Sealed = true }, TalregJson.Options),
        ["endedAt"] = JsonSerializer.SerializeToNode(finished.EndedAt, TalregJson.Options),
        ["reason"] = TakeDescriptor.Word(finished.Reason),
        ["flags"] = JsonSerializer.SerializeToNode(finished.Flags, TalregJson.Options),
        ["admission"] = JsonSerializer.SerializeToNode(finished.Admission, TalregJson.Options),
    };
}
