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
    /// <summary>Called when the take is sealed and its call knows.</summary>
    public Action? Sealed { get; init; }
}

/// <summary>
/// Seals finished takes: copies their chunks into a recording, puts gaps and seal into the ledger, tells the call, and
/// only then lets the journal go. Each step can be repeated, so that a failure is tried again and a crash is taken up at the
/// next start.
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

    private const int Workers = 2;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly Channel<SealJob> _jobs = Channel.CreateBounded<SealJob>(MaxWaiting);
    private readonly CancellationTokenSource _stopping = new();
    private Task _workers = Task.CompletedTask;
    private TaskCompletionSource _running = Completed();
    private long _waiting;
    private long _sealed;

    /// <summary>Takes that ended and are not yet sealed.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>Takes sealed since the start.</summary>
    public long Sealed => Interlocked.Read(ref _sealed);

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
        _jobs.Writer.TryComplete();
        SetPaused(false);
        try
        {
            await _workers.WaitAsync(within, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _workers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

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
        await foreach (var job in _jobs.Reader.ReadAllAsync(_stopping.Token).ConfigureAwait(false))
        {
            await Volatile.Read(ref _running).Task.WaitAsync(_stopping.Token).ConfigureAwait(false);
            await SealWithRetryAsync(job).ConfigureAwait(false);
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task SealWithRetryAsync(SealJob job)
    {
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                await SealAsync(job).ConfigureAwait(false);
                Interlocked.Increment(ref _sealed);
                job.Sealed?.Invoke();
                return;
            }
            catch (Exception e) when (
                e is StoreException or IOException or TimeoutException or OrleansException or RefusalException)
            {
                logger.SealFailed(job.Finished.Take.Id, delay, e);
            }

            await Task.Delay(delay, clock, _stopping.Token).ConfigureAwait(false);
        }
    }

    private async Task SealAsync(SealJob job)
    {
        var finished = job.Finished;
        var document = await DocumentAsync(finished).ConfigureAwait(false);
        var take = finished.Take with { Sealed = true };
        var info = await recordings.SealAsync(
            new SealRequest
            {
                Take = job.Take,
                Closed = finished.Closed,
                Descriptor = TakeDescriptor.Write(finished, options, journal.BootId),
                Metadata = Metadata(document, take, finished),
            },
            _stopping.Token).ConfigureAwait(false);
        var ledger = grains.GetGrain<ILedgerGrain>(options.Tenant);
        foreach (var (gap, i) in finished.Gaps.Select((gap, i) => (gap, i)))
        {
            await ledger.AppendAsync(SealLeaves.Gap(finished, gap, i, options.Tenant)).ConfigureAwait(false);
        }

        var receipt = await ledger.AppendAsync(
            SealLeaves.Seal(
                finished, info.ContentHash.ToString(), options.Tenant, clock.GetUtcNow())).ConfigureAwait(false);
        var call = grains.GetGrain<ICallGrain>(finished.Admission.Call.Value);
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

    private static JsonObject Metadata(CallDocument before, TakeDocument take, FinishedTake finished) => new()
    {
        ["document"] = JsonSerializer.SerializeToNode(before, TalregJson.Options),
        ["take"] = JsonSerializer.SerializeToNode(take, TalregJson.Options),
        ["endedAt"] = JsonSerializer.SerializeToNode(finished.EndedAt, TalregJson.Options),
        ["reason"] = TakeDescriptor.Word(finished.Reason),
        ["flags"] = JsonSerializer.SerializeToNode(finished.Flags, TalregJson.Options),
        ["admission"] = JsonSerializer.SerializeToNode(finished.Admission, TalregJson.Options),
    };
}
