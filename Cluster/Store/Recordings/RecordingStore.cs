using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.Archive;
using Talreg.Store.IO;
using Talreg.Store.Journal;
using Talreg.Store.Keys;

namespace Talreg.Store.Recordings;

/// <summary>What a take becomes a recording of.</summary>
public sealed record SealRequest
{
    /// <summary>The take in the journal; not released yet.</summary>
    public required JournalTake Take { get; init; }

    /// <summary>How it was closed.</summary>
    public required ClosedTake Closed { get; init; }

    /// <summary>The descriptor (FORMAT.md §5). <c>version</c>, <c>kind</c>, <c>tenant</c>, <c>site</c>, <c>call</c>,
    /// <c>take</c>, <c>epoch</c>, <c>chunks</c> and <c>chainHead</c> are set by the store. Not changed.</summary>
    public required JsonObject Descriptor { get; init; }

    /// <summary>What the call was; sealed under the metadata key.</summary>
    public required JsonObject Metadata { get; init; }
}

/// <summary>A recording as its file states it.</summary>
public sealed record RecordingInfo
{
    /// <summary>Where it lies.</summary>
    public required string Path { get; init; }

    /// <summary>The call.</summary>
    public required Guid CallId { get; init; }

    /// <summary>The take.</summary>
    public required Guid TakeId { get; init; }

    /// <summary>The customer.</summary>
    public required string Tenant { get; init; }

    /// <summary>How many chunks it has.</summary>
    public required ulong Chunks { get; init; }

    /// <summary>The chain's head.</summary>
    public required ChunkHash ChainHead { get; init; }

    /// <summary>SHA-256 of descriptor ‖ metadata.</summary>
    public required ChunkHash ContentHash { get; init; }

    /// <summary>Length of the file, in bytes.</summary>
    public required long Bytes { get; init; }
}

/// <summary>What became of a take that was to be sealed.</summary>
/// <param name="Info">The recording; null when it failed.</param>
/// <param name="Failure">What failed; null when all is well.</param>
public sealed record SealOutcome(RecordingInfo? Info, StoreException? Failure);

/// <summary>
/// Sealed takes, one file each (FORMAT.md §5), written once and never changed. Any thread; one take is sealed by one
/// caller at a time.
/// </summary>
public sealed class RecordingStore
{
    /// <summary>The longest descriptor or metadata, in bytes.</summary>
    public const int MaxJson = 16 * 1024 * 1024;

    private readonly string _directory;
    private readonly IKeyStore _keys;
    private readonly IDisk _disk;
    private long _journalBytesRead;

    /// <summary>Uses, and makes where missing, the folder <c>recordings</c> in a directory.</summary>
    /// <exception cref="StoreException">The folder cannot be used.</exception>
    public RecordingStore(string directory, IKeyStore keys)
        : this(directory, keys, NativeDisk.Instance)
    {
    }

    internal RecordingStore(string directory, IKeyStore keys, IDisk disk)
    {
        _directory = directory;
        _keys = keys;
        _disk = disk;
        Folders.Create(RecordingPath.Root(directory));
    }

    /// <summary>Bytes of journal read to seal, since the store was made.</summary>
    public long JournalBytesRead => Interlocked.Read(ref _journalBytesRead);

    /// <summary>As <see cref="SealAllAsync"/>, for one take.</summary>
    /// <exception cref="StoreException">The journal does not give what was closed, or a device failed.</exception>
    public async Task<RecordingInfo> SealAsync(SealRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var outcome = (await SealAllAsync([request], cancellationToken).ConfigureAwait(false))[0];
        return outcome.Info ?? throw outcome.Failure!;
    }

    /// <summary>
    /// Makes recordings of closed takes: their chunks are copied unchanged, all takes in one pass over the journal, and each
    /// take's chain is computed on the way and must end at its head; their keys go into the key store, and only then do the
    /// files get their names. One take's failure is no other's. A take that is a recording already gives that. Afterwards
    /// <see cref="TakeJournal.ReleaseAsync"/> frees the journal.
    /// </summary>
    /// <returns>The outcomes, in the order of the requests. Of what failed nothing is left but the journal, and sealing can be
    /// tried again, unless <see cref="StoreException.IsDamaged"/>.</returns>
    public async Task<IReadOnlyList<SealOutcome>> SealAllAsync(
        IReadOnlyList<SealRequest> requests, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var outcomes = new SealOutcome[requests.Count];
        var writers = new List<(RecordingWriter Writer, SealRequest Request, int Place)>();
        for (var i = 0; i < outcomes.Length; i++)
        {
            var identity = requests[i].Take.Identity;
            var path = RecordingPath.Of(_directory, identity.Tenant, identity.TakeId);
            if (File.Exists(path))
            {
                outcomes[i] = Sealed(path);
            }
            else
            {
                writers.Add((new RecordingWriter(_disk, requests[i], path), requests[i], i));
            }
        }

        if (writers.Count > 0)
        {
            await WriteAsync([.. writers.Select(static one => one.Writer)], cancellationToken).ConfigureAwait(false);
            await Task.WhenAll(writers.Select(one => KeepKeyAsync(one.Writer, one.Request.Take)))
                .ConfigureAwait(false);
            foreach (var (writer, _, place) in writers)
            {
                writer.Name();
                outcomes[place] = new SealOutcome(writer.Failure is null ? writer.Info : null, writer.Failure);
            }

            SyncFolders(outcomes);
        }

        return outcomes;
    }

    /// <summary>Opens a recording for reading; the caller disposes it.</summary>
    /// <exception cref="StoreException">The file is there but is not a recording.</exception>
    public bool TryOpen(
        string tenant, Guid takeId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RecordingReader? reader)
    {
        reader = null;
        if (!ChunkLayout.IsName(tenant, ChunkLayout.TenantSize))
        {
            return false;
        }

        var path = RecordingPath.Of(_directory, tenant, takeId);
        if (!File.Exists(path))
        {
            return false;
        }

        reader = RecordingReader.Open(path);
        return true;
    }

    /// <summary>Every recording, by tenant and day, from the files alone.</summary>
    /// <exception cref="StoreException">A file is not a recording.</exception>
    public IEnumerable<RecordingInfo> List()
    {
        var files = Directory.EnumerateFiles(
            RecordingPath.Root(_directory), "*" + RecordingPath.Extension, SearchOption.AllDirectories);
        foreach (var path in files.Order(StringComparer.Ordinal))
        {
            using var reader = RecordingReader.Open(path);
            yield return reader.Info;
        }
    }

    /// <summary>The take key of a recording.</summary>
    /// <returns>False when it was erased, or never was.</returns>
    public bool TryGetTakeKey(string tenant, Guid takeId, Span<byte> key) =>
        _keys.TryGet(KeyKind.Take, takeId, tenant, key);

    /// <summary>What opens a recording; the caller disposes it.</summary>
    /// <returns>Null when its key was erased, or never was.</returns>
    public OpeningKeys? GetOpeningKeys(RecordingReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Span<byte> takeKey = stackalloc byte[KeyTree.KeySize];
        try
        {
            return TryGetTakeKey(reader.Info.Tenant, reader.Info.TakeId, takeKey)
                ? OpeningKeys.Derive(takeKey, Math.Min(reader.Streams, OpeningKeys.MaxStreams))
                : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(takeKey);
        }
    }

    private async Task WriteAsync(RecordingWriter[] writers, CancellationToken cancellationToken)
    {
        using var batch = new RecordingBatch(writers);
        try
        {
            await BackgroundThread.RunAsync("seal", () => batch.Write(cancellationToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            Array.ForEach(writers, writer => writer.Fail(new StoreException("sealing was cancelled", e)));
            throw;
        }
        finally
        {
            Array.ForEach(writers, static writer => writer.Dispose());
            Interlocked.Add(ref _journalBytesRead, batch.BytesRead);
        }
    }

    // The key is safe before the recording exists: a crash here leaves a key too many, never one too few.
    private async Task KeepKeyAsync(RecordingWriter writer, JournalTake take)
    {
        if (writer.Failure is not null)
        {
            return;
        }

        var key = take.Key.ToArray();
        try
        {
            // Whoever gives up waiting does not know whether the key is there: so nobody does.
            await _keys.PutAsync(
                KeyKind.Take, take.Identity.TakeId, take.Identity.Tenant, key, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            writer.Fail(e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    // The process may have died between name and sync, so the folder is synced here too.
    private SealOutcome Sealed(string path)
    {
        try
        {
            _disk.SyncFolder(Path.GetDirectoryName(path)!);
            using var reader = RecordingReader.Open(path);
            return new SealOutcome(reader.Info, null);
        }
        catch (StoreException e)
        {
            return new SealOutcome(null, e);
        }
    }

    private void SyncFolders(SealOutcome[] outcomes)
    {
        foreach (var folder in outcomes.Where(static one => one.Info is not null)
            .GroupBy(static one => Path.GetDirectoryName(one.Info!.Path)!).ToList())
        {
            try
            {
                _disk.SyncFolder(folder.Key);
            }
            catch (StoreException e)
            {
                foreach (var outcome in folder)
                {
                    outcomes[Array.IndexOf(outcomes, outcome)] = new SealOutcome(null, e);
                }
            }
        }
    }

    /// <summary>True when there is a folder for a tenant's recordings: else nothing can be said of any of them.</summary>
    public bool HasFolder(string tenant) => Directory.Exists(Path.Combine(RecordingPath.Root(_directory), tenant));

    /// <summary>True when the key of a take was destroyed: its recording may be gone, and nobody can hear it.</summary>
    public bool IsErased(Guid takeId) => _keys.Find(KeyKind.Take, takeId) == KeyState.Destroyed;

    /// <summary>Marks a recording as lying in an archive, verified there. Durable on return.</summary>
    /// <exception cref="StoreException">The mark cannot be written.</exception>
    public void MarkArchived(string tenant, Guid takeId, ArchivedCopy copy, DateTimeOffset at) =>
        ArchiveMarks.Write(RecordingPath.Of(_directory, tenant, takeId), copy, at);

    /// <summary>Where a recording lies, verified, in an archive; null for nowhere yet.</summary>
    public ArchivedCopy? FindArchived(string tenant, Guid takeId) =>
        ArchiveMarks.Read(RecordingPath.Of(_directory, tenant, takeId));

    /// <summary>True when a take was sealed here: its key is in this store, or was. Those of other gateways are not.</summary>
    public bool IsOwn(Guid takeId) => _keys.Find(KeyKind.Take, takeId) != KeyState.Unknown;

    /// <summary>Marks a recording as damaged or missing, durably; it is kept as it is.</summary>
    /// <returns>False when it is marked already: the mark stays as it was.</returns>
    /// <exception cref="StoreException">The mark cannot be written.</exception>
    public bool TryMarkDamaged(string tenant, Guid takeId, string reason, DateTimeOffset at) =>
        DamageMarks.TryMark(RecordingPath.Of(_directory, tenant, takeId), reason, at);

    /// <summary>Takes the mark from a recording that is whole again; false when there was none.</summary>
    /// <exception cref="StoreException">The mark cannot be removed.</exception>
    public bool TryUnmarkDamaged(string tenant, Guid takeId) =>
        DamageMarks.TryUnmark(RecordingPath.Of(_directory, tenant, takeId));

    /// <summary>True when a recording is marked as damaged or missing.</summary>
    public bool IsMarkedDamaged(string tenant, Guid takeId) =>
        File.Exists(DamageMarks.PathOf(RecordingPath.Of(_directory, tenant, takeId)));

    /// <summary>Sets what the store knows better than the caller.</summary>
    internal static byte[] Descriptor(SealRequest request)
    {
        var descriptor = (JsonObject)request.Descriptor.DeepClone();
        var identity = request.Take.Identity;
        descriptor["version"] = 1;
        descriptor["kind"] = "call";
        descriptor["tenant"] = identity.Tenant;
        descriptor["site"] = identity.Site;
        descriptor["call"] = identity.CallId.ToString("D");
        descriptor["take"] = identity.TakeId.ToString("D");
        descriptor["epoch"] = identity.Epoch;
        descriptor["chunks"] = request.Closed.Chunks;
        descriptor["chainHead"] = Convert.ToHexStringLower(request.Closed.ChainHead.Span);
        return CanonicalJson.Write(descriptor);
    }
}
