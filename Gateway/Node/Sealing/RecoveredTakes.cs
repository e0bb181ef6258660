using System.Text.Json;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Gateway.Sessions;
using Talreg.Store;
using Talreg.Store.IO;
using Talreg.Store.Journal;

namespace Talreg.Gateway.Sealing;

/// <summary>
/// Seals what earlier processes left in the journal, beside recording and behind it: on a thread that yields, and never with
/// so many takes waiting that a call which ends now would wait for them.
/// </summary>
internal sealed class RecoveredTakes(
    GatewayOptions options,
    TakeJournal journal,
    SealingQueue sealing,
    Func<CallId, ClusterReporter> reporterOf,
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<RecoveredTakes> logger) : IDisposable
{
    /// <summary>The most recovered takes that wait to be sealed at a time.</summary>
    public const int MaxWaiting = 32;

    private readonly SemaphoreSlim _room = new(MaxWaiting, MaxWaiting);
    private readonly TakeRecovery _recovery = new(options, clock);
    private long _left;
    private long _failed;

    /// <summary>Takes found and not sealed yet.</summary>
    public long Left => Interlocked.Read(ref _left);

    /// <summary>Takes found that could not be made ready to be sealed; the next start tries again.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Completes when every take that was found is on its way; cancelled when the gateway stops first.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        RecoveryReport report;
        try
        {
            report = await journal.RecoveredAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            Interlocked.Increment(ref _failed);
            logger.RecoveryFailed(e);
            return;
        }

        Interlocked.Exchange(ref _left, report.Takes.Count + report.Recorded.Count);
        Tell(report, clock.GetElapsedTime(started));
        foreach (var found in report.Takes)
        {
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
            await SealAsync(found).ConfigureAwait(false);
        }

        foreach (var found in report.Recorded)
        {
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (await IsKnownAsync(found).ConfigureAwait(false))
            {
                await ReleaseAsync(found, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await SealAsync(found).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _room.Dispose();

    private void Tell(RecoveryReport report, TimeSpan took)
    {
        foreach (var segment in report.Quarantined)
        {
            logger.SegmentQuarantined(segment.Path, segment.Reason);
        }

        foreach (var take in report.Unopened)
        {
            logger.TakeUnopened(new TakeId(take.TakeId), take.Chunks);
        }

        if (report.Takes.Count > 0 || report.TornBytes > 0)
        {
            logger.JournalRecovered(report.Takes.Count, report.Chunks, report.TornBytes, (long)took.TotalMilliseconds);
        }
    }

    private async Task SealAsync(RecoveredTake found)
    {
        if (await FinishAsync(found).ConfigureAwait(false) is { } finished)
        {
            await HandOverAsync(found, finished).ConfigureAwait(false);
        }
        else
        {
            Interlocked.Increment(ref _failed);
            Done();
        }
    }

    // The call is told last: when it knows, the ledger does. When it does not answer everything is done again, which changes
    // nothing that was done.
    private async Task<bool> IsKnownAsync(RecoveredTake found)
    {
        try
        {
            var call = await grains.GetGrain<ICallGrain>(found.Take.Identity.CallId).GetAsync()
                .WaitAsync(options.AdmissionDeadline, clock).ConfigureAwait(false);
            return call?.Takes.Any(take => take.Id.Value == found.Take.Identity.TakeId && take.Sealed) == true;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            logger.ReportFailed(new CallId(found.Take.Identity.CallId), TimeSpan.Zero, e);
            return false;
        }
    }

    private async Task ReleaseAsync(RecoveredTake found, CancellationToken cancellationToken)
    {
        try
        {
            await journal.ReleaseAsync(found.Take, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            Interlocked.Increment(ref _failed);
            logger.TakeUnrecoverable(new TakeId(found.Take.Identity.TakeId), e);
        }

        Done();
    }

    // One take that cannot be read must not keep the others from being sealed.
    private async Task<FinishedTake?> FinishAsync(RecoveredTake found)
    {
        try
        {
            return await BackgroundThread.RunAsync("count recovered take", () => _recovery.Finish(found))
                .ConfigureAwait(false);
        }
        catch (Exception e) when (
            e is StoreException or JsonException or FormatException or InvalidOperationException)
        {
            logger.TakeUnrecoverable(new TakeId(found.Take.Identity.TakeId), e);
            return null;
        }
    }

    private ValueTask HandOverAsync(RecoveredTake found, FinishedTake finished)
    {
        if (found.Damage is { } damage)
        {
            logger.TakeDamaged(finished.Take.Id, finished.Admission.Call, damage);
        }

        logger.TakeRecovered(finished.Take.Id, finished.Admission.Call, finished.Take.CommittedChunks);
        var reporter = reporterOf(finished.Admission.Call);
        var call = grains.GetGrain<ICallGrain>(finished.Admission.Call.Value);
        _ = reporter.ReportAsync(() => call.AdmittedAsync(finished.Admission));
        return sealing.EnqueueAsync(new SealJob(finished, found.Take, reporter) { Ended = Done });
    }

    private void Done()
    {
        _room.Release();
        if (Interlocked.Decrement(ref _left) == 0)
        {
            logger.RecoverySealed(Failed);
        }
    }
}
