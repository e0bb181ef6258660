using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
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

    /// <summary>Uses, and makes where missing, the folder <c>recordings</c> in a directory.</summary>
    /// <exception cref="StoreException">The folder cannot be used.</exception>
    public RecordingStore(string directory, IKeyStore keys)
    {
        _directory = directory;
        _keys = keys;
        Folders.Create(RecordingPath.Root(directory));
    }

    /// <summary>
    /// Makes a recording of a closed take: its chunks are copied unchanged and checked on the way, its key goes into the
    /// key store, and only then does the file get its name. A take that is a recording already gives that. Afterwards
    /// <see cref="TakeJournal.ReleaseAsync"/> frees the journal.
    /// </summary>
    /// <exception cref="StoreException">The journal does not give what was closed, or a device failed. Nothing is left
    /// but the journal, and sealing can be tried again.</exception>
    public async Task<RecordingInfo> SealAsync(SealRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var identity = request.Take.Identity;
        var path = RecordingPath.Of(_directory, identity.Tenant, identity.TakeId);
        if (File.Exists(path))
        {
            using var reader = RecordingReader.Open(path);
            return reader.Info;
        }

        Folders.Create(Path.GetDirectoryName(path)!);
        var temporary = path + ".tmp";
        await Task.Run(() => RecordingWriter.Write(temporary, request, cancellationToken), cancellationToken)
            .ConfigureAwait(false);

        // The key is safe before the recording exists: a crash here leaves a key too many, never one too few.
        var key = request.Take.Key.ToArray();
        try
        {
            await _keys.PutAsync(KeyKind.Take, identity.TakeId, identity.Tenant, key, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }

        Folders.Rename(temporary, path);
        using var sealedReader = RecordingReader.Open(path);
        return sealedReader.Info;
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
