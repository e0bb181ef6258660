using System.Buffers;
using System.Security.Cryptography;
using Talreg.Store.IO;

namespace Talreg.Store.Archive;

/// <summary>
/// An archive that is a folder, meant to be another mount. A file gets its name once it is whole and synced, and is never
/// written again. Several gateways may share one: no two have the same take.
/// </summary>
public sealed class PosixArchive : IArchive
{
    private const string Unfinished = ".part";
    private const int BufferBytes = 128 * 1024;

    private readonly string _folder;

    /// <summary>
    /// Uses a folder, which must be there: an archive that is not mounted must not become a folder of the disk below.
    /// </summary>
    /// <exception cref="ArchiveException">It is not there.</exception>
    public PosixArchive(string folder)
    {
        _folder = Path.GetFullPath(folder);
        Name = "posix:" + _folder;
        if (!Directory.Exists(_folder))
        {
            throw new ArchiveException($"{Name}: there is no such folder; mount it, or make it once by hand");
        }
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public async Task<ArchivedCopy> PutAsync(ArchiveItem item, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(content);
        var copy = new ArchivedCopy(Name, item.Key, item.Bytes, item.Sha256);
        var path = PathOf(item.Key);
        try
        {
            if (File.Exists(path))
            {
                return await HoldsAsync(path, item, cancellationToken).ConfigureAwait(false)
                    ? copy
                    : throw new ArchiveException($"{Name}: {item.Key} is there with other bytes") { IsDamaged = true };
            }

            Folders.Create(Path.GetDirectoryName(path)!);
            await WriteAsync(path + Unfinished, item, content, cancellationToken).ConfigureAwait(false);
            Folders.Rename(path + Unfinished, path);
            return copy;
        }
        catch (Exception e) when (e is IOException and not ArchiveException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"{Name}: {item.Key} cannot be put: {e.Message}", e);
        }
    }

    /// <inheritdoc />
    public Task<Stream> OpenAsync(ArchivedCopy copy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(copy);
        try
        {
            var path = PathOf(copy.Key);

            // What is read is to be what lies there, not what this machine remembers of writing it.
            using (var file = NativeFile.OpenExisting(path, writable: false))
            {
                file.DropCache();
            }

            return Task.FromResult<Stream>(new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true));
        }
        catch (Exception e) when (e is IOException and not ArchiveException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"{Name}: {copy.Key} cannot be opened: {e.Message}", e);
        }
    }

    private static async Task WriteAsync(
        string path, ArchiveItem item, Stream content, CancellationToken cancellationToken)
    {
        // Left by a process that died.
        File.Delete(path);
        using var file = NativeFile.CreateNew(path, item.Bytes);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long at = 0;
            while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                if (at + read > item.Bytes)
                {
                    throw new IOException("there is more of it than was said");
                }

                file.Write(buffer.AsSpan(0, read), at);
                at += read;
            }

            if (at != item.Bytes)
            {
                throw new IOException($"it ended after {at} of {item.Bytes} bytes");
            }

            file.Sync();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<bool> HoldsAsync(string path, ArchiveItem item, CancellationToken cancellationToken)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        await using var closing = file.ConfigureAwait(false);
        return file.Length == item.Bytes && Convert.ToHexStringLower(
            await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false)) == item.Sha256;
    }

    private string PathOf(string key)
    {
        var path = Path.GetFullPath(Path.Combine(_folder, key));
        return path.StartsWith(_folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new ArchiveException($"{Name}: {key} lies outside the archive");
    }
}
