using System.Security.Cryptography;
using Talreg.Store.Recordings;

namespace Talreg.Store.Archive;

/// <summary>
/// Takes sealed recordings to an archive: checked, put, read again there and compared, and only then marked as archived. A process may
/// die between any two of these steps; the next one does again what is not marked. Any thread; one recording by one caller at a
/// time.
/// </summary>
public sealed class RecordingArchiver(RecordingStore recordings, IArchive archive, TimeProvider clock)
{
    /// <summary>Archives a recording; one that is marked already is left alone.</summary>
    /// <returns>True when it was archived now.</returns>
    /// <exception cref="StoreException">It is missing or damaged here: it is not put.</exception>
    /// <exception cref="ArchiveException">The archive does not take it, or gives back other bytes.</exception>
    public async Task<bool> ArchiveAsync(string tenant, Guid takeId, CancellationToken cancellationToken)
    {
        if (recordings.FindArchived(tenant, takeId) is { } marked && marked.Archive == archive.Name)
        {
            return false;
        }

        if (!recordings.TryOpen(tenant, takeId, out var reader))
        {
            throw new StoreException($"the recording of take {takeId} is missing") { IsDamaged = true };
        }

        using (reader)
        {
            // What is rotten here must not become the copy from which it is to be repaired.
            if (reader.Verify(cancellationToken) is { } fault)
            {
                throw new StoreException($"{reader.Info.Path}: {fault}") { IsDamaged = true };
            }

            var hash = await HashAsync(reader.OpenStream(), cancellationToken).ConfigureAwait(false);
            var content = reader.OpenStream();
            await using var closing = content.ConfigureAwait(false);
            var copy = await archive.PutAsync(
                new ArchiveItem(RecordingPath.Key(tenant, takeId), reader.Info.Bytes, hash), content, cancellationToken)
                .ConfigureAwait(false);
            await VerifyAsync(copy, cancellationToken).ConfigureAwait(false);
            recordings.MarkArchived(tenant, takeId, copy, clock.GetUtcNow());
            return true;
        }
    }

    /// <summary>Reads a copy in the archive and compares it with what was put.</summary>
    /// <exception cref="ArchiveException">It is not there, cannot be read, or has other bytes.</exception>
    public async Task VerifyAsync(ArchivedCopy copy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(copy);
        var stream = await archive.OpenAsync(copy, cancellationToken).ConfigureAwait(false);
        string hash;
        try
        {
            hash = await HashAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e is not ArchiveException)
        {
            throw new ArchiveException($"{copy.Archive}: {copy.Key} cannot be read: {e.Message}", e);
        }

        if (hash != copy.Sha256)
        {
            throw new ArchiveException($"{copy.Archive}: {copy.Key} has other bytes than were put")
            {
                IsDamaged = true,
            };
        }
    }

    private static async Task<string> HashAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using var closing = stream.ConfigureAwait(false);
        return Convert.ToHexStringLower(
            await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }
}
