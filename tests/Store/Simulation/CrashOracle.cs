using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Store.Tests.Simulation;

/// <summary>Recovers a disk that a crash left, and says what is wrong with it.</summary>
/// <param name="root">The root key.</param>
internal sealed class CrashOracle(RootKey root)
{
    // Chunks up to a chain's head, and recordings by their hash, that were opened: equal ones need not be opened again.
    private readonly HashSet<string> _opened = new(StringComparer.Ordinal);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What is wrong; null when everything acknowledged is there, and nothing that was not given.</summary>
    /// <param name="folder">The disk.</param>
    /// <param name="acknowledged">What had been acknowledged before the crash.</param>
    internal string? Check(string folder, Acknowledged[] acknowledged)
    {
        using var keys = FileKeyStore.Open(folder, root);
        var options = SimulatedRun.Options(folder);
        JournalVolume[] volumes =
        [
            .. options.Volumes
                .Select(path => new JournalVolume(path, options, NativeDisk.Instance, TimeProvider.System)),
        ];
        var segments = OldSegment.Open(volumes, keys);
        try
        {
            var report = JournalRecovery.Recover(
                segments, complete: true, keys, folder, static (_, _) => { }, Token);
            if (report.Quarantined.Count > 0)
            {
                return $"quarantined: {report.Quarantined[0]}";
            }

            if (report.Unopened.Count > 0)
            {
                return $"cannot be opened: {report.Unopened[0]}";
            }

            var recordings = new RecordingStore(folder, keys);
            return acknowledged
                .Select(known => CheckTake(report, recordings, known))
                .FirstOrDefault(static fault => fault is not null);
        }
        finally
        {
            segments.ForEach(static segment => segment.Dispose());
        }
    }

    /// <summary>The same for what a recorder does next: it starts, seals every take it finds, and lets the journal go.</summary>
    internal async Task<string?> SealAsync(string folder, Acknowledged[] acknowledged)
    {
        using var keys = FileKeyStore.Open(folder, root);
        await using var journal = await TakeJournal.OpenAsync(
            SimulatedRun.Options(folder), keys, TimeProvider.System, Token);
        var recordings = new RecordingStore(folder, keys);
        var report = await journal.RecoveredAsync(Token);
        foreach (var found in report.Recorded)
        {
            await journal.ReleaseAsync(found.Take, Token);
        }

        foreach (var found in report.Takes)
        {
            var closed = found.CloseAs(8, DateTimeOffset.UnixEpoch);
            await recordings.SealAsync(StoreFixture.Request(found.Take, closed), Token);
            await journal.ReleaseAsync(found.Take, Token);
            if (CheckRecording(recordings, found.Take.Identity, (long)found.Chunks) is { } fault)
            {
                return fault;
            }
        }

        var missing = acknowledged.FirstOrDefault(known => known.Chunks > 0
            && !File.Exists(RecordingPath.Of(folder, known.Take.Identity.Tenant, known.Take.Identity.TakeId)));
        return missing is not null ? $"take {missing.Take.Identity.TakeId} is no recording"
            : journal.Health.Segments != 2 ? $"{journal.Health.Segments} segments are kept, though every take is sealed"
            : null;
    }

    private string? CheckTake(RecoveryReport report, RecordingStore recordings, Acknowledged known)
    {
        var (identity, what) = (known.Take.Identity, $"take {known.Take.Identity.TakeId}");
        var found = report.Takes.SingleOrDefault(take => take.Take.Identity == identity);
        if (found is null)
        {
            return known.Sealed || recordings.TryOpen(identity.Tenant, identity.TakeId, out _)
                    ? CheckRecording(recordings, identity, known.Take.Given)
                : known is { Chunks: 0, Events: 0, Closed: false } ? null
                : $"{what} is lost";
        }

        return found.Damage is not null ? $"{what}: {found.Damage}"
            : (long)found.Chunks < known.Chunks ? $"{what}: {found.Chunks} of {known.Chunks} acknowledged chunks"
            : (long)found.Chunks > known.Take.Given ? $"{what}: {found.Chunks} chunks, {known.Take.Given} were given"
            : found.Events.Count < known.Events ? $"{what}: {found.Events.Count} of {known.Events} events"
            : known.Closed && found.Closed?.Reason != SimulatedTake.EndReason ? $"{what} is open, its end acknowledged"
            : CheckChunks(
                what, Convert.ToHexString(found.ChainHead.Span), found.Take.OpenChunks(), (long)found.Chunks);
    }

    private string? CheckRecording(RecordingStore recordings, TakeIdentity identity, long chunks)
    {
        var what = $"recording {identity.TakeId}";
        var key = new byte[KeyTree.KeySize];
        if (!recordings.TryOpen(identity.Tenant, identity.TakeId, out var reader))
        {
            return $"{what} is lost";
        }

        using (reader)
        {
            if (!recordings.TryGetTakeKey(identity.Tenant, identity.TakeId, key))
            {
                return $"{what}: its key is lost";
            }

            var hash = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(reader.Info.Path)));
            return _opened.Contains(hash) ? null
                : reader.Verify(Token) is { } fault ? $"{what}: {fault}"
                : CheckChunks(what, hash, reader.OpenChunks(key), chunks);
        }
    }

    private string? CheckChunks(string what, string hash, IEnumerable<OpenedChunk> chunks, long expected)
    {
        if (!_opened.Add(hash))
        {
            return null;
        }

        var number = 0;
        foreach (var chunk in chunks)
        {
            if (!chunk.PlainText.Span.SequenceEqual(SimulatedTake.Text(number)))
            {
                return $"{what}: chunk {number + 1} is not what was given";
            }

            number++;
        }

        return number == expected ? null : $"{what}: {number} chunks instead of {expected}";
    }
}
