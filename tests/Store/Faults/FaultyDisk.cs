using Talreg.Store.IO;

namespace Talreg.Store.Tests.Faults;

/// <summary>
/// Real files whose calls are counted over all of them, and fail from a given call on, as those of a dead disk do. Folders
/// given as healthy keep working.
/// </summary>
internal sealed class FaultyDisk : IDisk
{
    private int _calls;

    /// <summary>The first call that fails, from 1; 0 for none.</summary>
    internal int FailFrom { get; init; }

    /// <summary>Only that call fails.</summary>
    internal bool Once { get; init; }

    /// <summary>The folder whose disk dies.</summary>
    internal required string Folder { get; init; }

    /// <summary>False: failed writes leave nothing, true: they reach the disk half.</summary>
    internal bool Tear { get; init; }

    internal Action? BeforeSync { get; set; }

    /// <summary>Writes and syncs so far, those that failed included.</summary>
    internal int Calls => Volatile.Read(ref _calls);

    public IDataFile CreateNew(string path, long size) => Wrap(NativeDisk.Instance.CreateNew(path, size));

    public IDataFile CreateEmpty(string path) => Wrap(NativeDisk.Instance.CreateEmpty(path));

    public IDataFile OpenExisting(string path) => Wrap(NativeDisk.Instance.OpenExisting(path));

    public IDataFile OpenOrCreate(string path) => Wrap(NativeDisk.Instance.OpenOrCreate(path));

    public void Rename(string from, string to) => NativeDisk.Instance.Rename(from, to);

    public void Delete(string path) => NativeDisk.Instance.Delete(path);

    public bool TryDelete(string path) => NativeDisk.Instance.TryDelete(path);

    public void SyncFolder(string path) => NativeDisk.Instance.SyncFolder(path);

    private IDataFile Wrap(IDataFile file) =>
        file.Path.StartsWith(Folder + "/", StringComparison.Ordinal) ? new FaultyFile(this, file) : file;

    private bool NextFails()
    {
        var call = Interlocked.Increment(ref _calls);
        return FailFrom > 0 && (Once ? call == FailFrom : call >= FailFrom);
    }

    private sealed class FaultyFile(FaultyDisk disk, IDataFile file) : IDataFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (disk.NextFails())
            {
                if (disk.Tear)
                {
                    file.Write(bytes[..(bytes.Length / 2)], offset);
                }

                throw new StoreException($"{Path}: Input/output error");
            }

            file.Write(bytes, offset);
        }

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void BeginWriteOut() => file.BeginWriteOut();

        public void Sync()
        {
            disk.BeforeSync?.Invoke();
            if (disk.NextFails())
            {
                throw new StoreException($"{Path}: Input/output error");
            }

            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
