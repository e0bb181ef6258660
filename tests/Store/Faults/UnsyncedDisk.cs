using Talreg.Store.IO;

namespace Talreg.Store.Tests.Faults;

/// <summary>Real files whose syncs do nothing and say they did: what tests of lost power must find.</summary>
internal sealed class UnsyncedDisk : IDisk
{
    public IDataFile CreateNew(string path, long size) => new UnsyncedFile(NativeDisk.Instance.CreateNew(path, size));

    public IDataFile CreateEmpty(string path) => new UnsyncedFile(NativeDisk.Instance.CreateEmpty(path));

    public IDataFile OpenExisting(string path) => new UnsyncedFile(NativeDisk.Instance.OpenExisting(path));

    public IDataFile OpenOrCreate(string path) => new UnsyncedFile(NativeDisk.Instance.OpenOrCreate(path));

    public void Rename(string from, string to) => NativeDisk.Instance.Rename(from, to);

    public void Delete(string path) => NativeDisk.Instance.Delete(path);

    public bool TryDelete(string path) => NativeDisk.Instance.TryDelete(path);

    public void SyncFolder(string path) => NativeDisk.Instance.SyncFolder(path);

    private sealed class UnsyncedFile(IDataFile file) : IDataFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void BeginWriteOut() => file.BeginWriteOut();

        public void Sync()
        {
            // The lie.
        }

        public void Dispose() => file.Dispose();
    }
}
