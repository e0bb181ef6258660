using System.Globalization;
using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Store;
using Talreg.Store.IO;
using Talreg.Store.Recordings;

namespace Talreg.Gateway.Scrub;

/// <summary>
/// Reads every sealed recording again, in the order of the seals in the ledger, at a bounded speed, and checks it whole: framing,
/// index, chain, descriptor, metadata's hash, and against its seal leaf. So a recording that is gone is found too. What is damaged or
/// missing is marked, told once in the log and in the ledger, and kept as it is.
/// </summary>
internal sealed class RecordingScrub(
    ScrubOptions options,
    string tenant,
    RecordingStore recordings,
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<RecordingScrub> logger) : IDisposable
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly ManualResetEventSlim _running = new(initialState: true);
    private ScrubState _state = ScrubState.Load(options.StateFile);
    private long _savedAt;
    private long _bytes;
    private long _whole;
    private long _erased;
    private long _found;

    /// <summary>What was done; a snapshot.</summary>
    public ScrubCounters Counters
    {
        get
        {
            var state = Volatile.Read(ref _state);
            return new ScrubCounters(
                Interlocked.Read(ref _bytes),
                Interlocked.Read(ref _whole),
                Interlocked.Read(ref _found),
                Interlocked.Read(ref _erased),
                state.Damaged,
                state.NextLeaf,
                state.CompletedAt);
        }
    }

    /// <summary>Reads nothing more until told again.</summary>
    public void SetPaused(bool paused)
    {
        if (paused)
        {
            _running.Reset();
        }
        else
        {
            _running.Set();
        }
    }

    /// <summary>Makes passes when they are due, until cancelled. Goes on where an earlier process stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var wait = RetryAfter;
            try
            {
                await DueAsync(cancellationToken).ConfigureAwait(false);
                await PassAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }
            catch (Exception e) when (
                e is StoreException or TimeoutException or OrleansException or RefusalException or FormatException)
            {
                logger.ScrubFailed(wait, e);
            }

            await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _running.Dispose();

    private async Task DueAsync(CancellationToken cancellationToken)
    {
        if (_state.IsUnderWay || _state.StartedAt is not { } started)
        {
            return;
        }

        var rest = started + options.Every - clock.GetUtcNow();
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes one pass, or ends the one under way. What ends it early leaves it to be gone on with.</summary>
    internal async Task PassAsync(CancellationToken cancellationToken)
    {
        var ledger = grains.GetGrain<ILedgerGrain>(tenant);
        if (!_state.IsUnderWay)
        {
            var size = SizeOf(await ledger.GetCheckpointAsync().ConfigureAwait(false));
            Save(_state with { StartedAt = clock.GetUtcNow(), NextLeaf = 0, EndLeaf = size, IsUnderWay = true });
        }

        try
        {
            await WalkAsync(ledger, cancellationToken).ConfigureAwait(false);
            _state = _state with { CompletedAt = clock.GetUtcNow(), IsUnderWay = false };
        }
        finally
        {
            Save(_state);
        }

        logger.ScrubPassed(Counters.Whole, Counters.Bytes, _state.Damaged);
    }

    private async Task WalkAsync(ILedgerGrain ledger, CancellationToken cancellationToken)
    {
        var pace = new ScrubPace(options.BytesPerSecond, clock, _running, cancellationToken);
        while (_state.NextLeaf < _state.EndLeaf
            && await ledger.ReadAsync(_state.NextLeaf).ConfigureAwait(false) is { Count: > 0 } leaves)
        {
            foreach (var leaf in leaves.TakeWhile(leaf => leaf.Leaf < _state.EndLeaf))
            {
                if (leaf.Kind == LedgerEventKind.Seal && TryRead(leaf) is { } take)
                {
                    await CheckAsync(take, ledger, pace, cancellationToken).ConfigureAwait(false);
                }

                Volatile.Write(ref _state, _state with { NextLeaf = leaf.Leaf + 1 });
                if (clock.GetElapsedTime(_savedAt) > SaveEvery)
                {
                    Save(_state);
                }
            }
        }
    }

    // A checkpoint's second line (FORMAT.md §6).
    private static long SizeOf(string checkpoint) => long.Parse(
        checkpoint.Split('\n')[1], NumberStyles.None, CultureInfo.InvariantCulture);

    private SealedTake? TryRead(LedgerRecord leaf)
    {
        try
        {
            return SealedTake.Read(leaf.Body);
        }
        catch (FormatException e)
        {
            logger.SealLeafUnreadable(leaf.Leaf, e);
            return null;
        }
    }

    private async Task CheckAsync(
        SealedTake take, ILedgerGrain ledger, ScrubPace pace, CancellationToken cancellationToken)
    {
        // The ledger is the tenant's: its seals are of every gateway. The key comes before the recording.
        if (!recordings.IsOwn(take.Take))
        {
            return;
        }

        if (recordings.IsErased(take.Take))
        {
            Interlocked.Increment(ref _erased);
            return;
        }

        var fault = await BackgroundThread.RunAsync("scrub", () => Fault(take, pace, cancellationToken))
            .ConfigureAwait(false);
        if (fault is null)
        {
            Interlocked.Increment(ref _whole);
            if (recordings.TryUnmarkDamaged(take.Tenant, take.Take))
            {
                logger.RecordingWholeAgain(new TakeId(take.Take), new CallId(take.Call));
                Save(_state with { Damaged = _state.Damaged - 1 });
            }

            return;
        }

        Interlocked.Increment(ref _found);
        if (!recordings.IsMarkedDamaged(take.Tenant, take.Take))
        {
            await TellAsync(take, ledger, fault).ConfigureAwait(false);
        }
    }

    // The mark comes last: a crash before it tells once more, never less.
    private async Task TellAsync(SealedTake take, ILedgerGrain ledger, string fault)
    {
        var now = clock.GetUtcNow();
        logger.RecordingDamaged(new TakeId(take.Take), new CallId(take.Call), fault);
        await ledger.AppendAsync(take.Damage(now, _state.StartedAt ?? now)).ConfigureAwait(false);
        recordings.TryMarkDamaged(take.Tenant, take.Take, fault, now);
        Save(_state with { Damaged = _state.Damaged + 1 });
    }

    private string? Fault(SealedTake take, ScrubPace pace, CancellationToken cancellationToken)
    {
        try
        {
            if (!recordings.HasFolder(take.Tenant))
            {
                throw new StoreException($"the folder of the recordings of {take.Tenant} is missing")
                {
                    IsTransient = true,
                };
            }

            if (!recordings.TryOpen(take.Tenant, take.Take, out var reader))
            {
                return "the recording is missing";
            }

            using (reader)
            {
                var before = pace.Spent;
                var fault = reader.Verify(pace, cancellationToken);
                Interlocked.Add(ref _bytes, pace.Spent - before);
                return fault ?? Disagreement(reader.Info, take);
            }
        }
        catch (StoreException e) when (!e.IsTransient)
        {
            return e.Message;
        }
    }

    private static string? Disagreement(RecordingInfo info, SealedTake take) =>
        info.TakeId == take.Take
        && info.CallId == take.Call
        && info.Tenant == take.Tenant
        && (long)info.Chunks == take.Chunks
        && info.ChainHead.ToString() == take.ChainHead
        && info.ContentHash.ToString() == take.ContentHash
            ? null
            : "the recording is whole and is not the one that was sealed";

    private void Save(ScrubState state)
    {
        Volatile.Write(ref _state, state);
        _savedAt = clock.GetTimestamp();
        state.Save(options.StateFile);
    }
}

/// <summary>What the scrub has done.</summary>
/// <param name="Bytes">Bytes of recordings read since the start.</param>
/// <param name="Whole">Recordings found whole since the start.</param>
/// <param name="Found">Recordings found damaged or missing since the start, those known before included.</param>
/// <param name="Erased">Recordings passed over since the start because their keys were destroyed.</param>
/// <param name="Damaged">Recordings marked as damaged or missing now.</param>
/// <param name="NextLeaf">How far the pass is: the next leaf of the ledger.</param>
/// <param name="CompletedAt">When the last whole pass ended; null when there was none.</param>
public sealed record ScrubCounters(
    long Bytes, long Whole, long Found, long Erased, long Damaged, long NextLeaf, DateTimeOffset? CompletedAt);
