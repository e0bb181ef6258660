using Microsoft.Win32.SafeHandles;

namespace Talreg.Evidence.Ledger;

/// <summary>
/// Writes to several files that are on stable storage when <see cref="Sync"/> returns, all or not to be counted on. The syncs of many files
/// wait beside each other, because the file system then settles many with one flush. One thread.
/// </summary>
internal sealed class DurableBatch : IDisposable
{
    /// <summary>Syncs that wait at once: each blocks a thread of the pool that grains run on.</summary>
    private const int MaxParallel = 4;

    /// <summary>Files up to which one thread syncs them all: what a batch of a few leaves writes.</summary>
    private const int MaxAlone = 8;

    private readonly List<(SafeFileHandle File, string Path)> _files = [];
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);

    /// <summary>Writes at an offset of a file that is made when absent. Once for each file.</summary>
    internal void Write(string path, long offset, ReadOnlySpan<byte> data)
    {
        // Also where the file is there: an append that failed may have made it and not got to its directory.
        if (offset == 0)
        {
            var directory = Path.GetDirectoryName(path)!;
            DurableFile.CreateDirectory(directory);
            _directories.Add(directory);
        }

        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        _files.Add((file, path));
        RandomAccess.Write(file, data, offset);
    }

    /// <summary>Syncs what was written. A failed sync is never tried again: the kernel may have dropped the pages.</summary>
    /// <exception cref="LogException">The device failed.</exception>
    internal void Sync()
    {
        var failures = new LogException?[_files.Count];
        Parallel.For(
            0,
            _files.Count,
            new ParallelOptions { MaxDegreeOfParallelism = _files.Count > MaxAlone ? MaxParallel : 1 },
            i =>
            {
                try
                {
                    DurableFile.Sync(_files[i].File, _files[i].Path);
                }
                catch (LogException failure)
                {
                    failures[i] = failure;
                }
            });
        if (Array.Find(failures, failure => failure is not null) is { } first)
        {
            throw first;
        }

        foreach (var directory in _directories)
        {
            DurableFile.SyncDirectory(directory);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var (file, _) in _files)
        {
            file.Dispose();
        }
    }
}
