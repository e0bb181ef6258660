using Microsoft.Extensions.Logging;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;
using Talreg.Gateway.Scrub;
using Talreg.Store;
using Talreg.Store.Archive;
using Talreg.Store.Recordings;

namespace Talreg.Gateway.Archive;

/// <summary>
/// Takes sealed recordings to the archive in the order of their seals in the ledger, each once. While the archive does not
/// take any, it waits there; a recording that is damaged here, or stands in the archive with other bytes, is told and passed
/// over.
/// </summary>
internal sealed class RecordingArchive(
    ArchiveOptions options,
    string tenant,
    RecordingStore recordings,
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<RecordingArchive> logger)
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(30);

    private readonly RecordingArchiver _archiver = new(recordings, options.Archive, clock);
    private ArchiveState _state = ArchiveState.Load(options.StateFile, options.Archive.Name);
    private ArchiveState? _saved;
    private volatile bool _paused;
    private long _savedAt;
    private long _archived;
    private long _failed;
    private long _retries;

    /// <summary>What was done; a snapshot.</summary>
    public ArchiveCounters Counters => new(
        Interlocked.Read(ref _archived),
        Interlocked.Read(ref _failed),
        Interlocked.Read(ref _retries),
        Volatile.Read(ref _state).NextLeaf);

    /// <summary>Begins no further recording until told again.</summary>
    public void SetPaused(bool paused) => _paused = paused;

    /// <summary>Archives what is sealed until cancelled. Goes on where an earlier process stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.Every, clock);
        do
        {
            try
            {
                await WalkAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (
                e is ArchiveException or StoreException or TimeoutException or OrleansException or RefusalException)
            {
                Interlocked.Increment(ref _retries);
                logger.ArchiveFailed(options.Every, e);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Archives what has been sealed so far; ends early while paused.</summary>
    internal async Task WalkAsync(CancellationToken cancellationToken)
    {
        var ledger = grains.GetGrain<ILedgerGrain>(tenant);
        try
        {
            while (!_paused && await ledger.ReadAsync(_state.NextLeaf).ConfigureAwait(false) is { Count: > 0 } leaves)
            {
                foreach (var leaf in leaves)
                {
                    if (_paused)
                    {
                        return;
                    }

                    if (leaf.Kind == LedgerEventKind.Seal)
                    {
                        await ArchiveAsync(leaf, cancellationToken).ConfigureAwait(false);
                    }

                    Volatile.Write(ref _state, _state with { NextLeaf = leaf.Leaf + 1 });
                    if (clock.GetElapsedTime(_savedAt) > SaveEvery)
                    {
                        Save();
                    }
                }
            }
        }
        finally
        {
            if (_state != _saved)
            {
                Save();
            }
        }
    }

    private async Task ArchiveAsync(LedgerRecord leaf, CancellationToken cancellationToken)
    {
        SealedTake take;
        try
        {
            take = SealedTake.Read(leaf.Body);
        }
        catch (FormatException e)
        {
            logger.SealLeafUnreadable(leaf.Leaf, e);
            return;
        }

        if (!recordings.IsOwn(take.Take) || recordings.IsErased(take.Take))
        {
            return;
        }

        try
        {
            if (await _archiver.ArchiveAsync(take.Tenant, take.Take, cancellationToken).ConfigureAwait(false))
            {
                Interlocked.Increment(ref _archived);
            }
        }
        catch (Exception e) when (
            e is StoreException { IsTransient: false, IsOutOfSpace: false } or ArchiveException { IsDamaged: true })
        {
            Interlocked.Increment(ref _failed);
            logger.NotArchived(new TakeId(take.Take), new CallId(take.Call), e);
        }
    }

    private void Save()
    {
        _savedAt = clock.GetTimestamp();
        _saved = _state;
        _saved.Save(options.StateFile);
    }
}

/// <summary>What archiving has done.</summary>
/// <param name="Archived">Recordings archived since the start.</param>
/// <param name="Failed">Recordings passed over since the start: damaged here, or other bytes there.</param>
/// <param name="Retries">How often it had to wait since the start.</param>
/// <param name="NextLeaf">How far it is: the next leaf of the ledger.</param>
public sealed record ArchiveCounters(long Archived, long Failed, long Retries, long NextLeaf);
