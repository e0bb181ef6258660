namespace Talreg.Store.IO;

/// <summary>
/// What the store does to files and to names in folders. The seam at which tests inject faults, and note what was done in
/// which order. Failures are <see cref="StoreException"/>s. Any thread.
/// </summary>
internal interface IDisk
{
    /// <summary>Makes a file that must not exist; its name is durable with <see cref="SyncFolder"/>.</summary>
    /// <param name="path">Where.</param>
    /// <param name="size">Space to reserve, in bytes; 0 for none.</param>
    IDataFile CreateNew(string path, long size);

    /// <summary>Makes an empty file in the place of whatever has its name.</summary>
    IDataFile CreateEmpty(string path);

    /// <summary>Opens a file that must exist, for writing.</summary>
    IDataFile OpenExisting(string path);

    /// <summary>Opens a file for writing, and makes it when it is missing; see <see cref="CreateNew"/>.</summary>
    IDataFile OpenOrCreate(string path);

    /// <summary>Gives a file another name in its folder; durable with <see cref="SyncFolder"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file and makes that durable; one that is gone already is no failure.</summary>
    void Delete(string path);

    /// <summary>Removes a file where the device still allows it; the name may come back after a crash.</summary>
    bool TryDelete(string path);

    /// <summary>Puts a folder's names on stable storage.</summary>
    void SyncFolder(string path);
}

/// <summary>The kernel's files.</summary>
internal sealed class NativeDisk : IDisk
{
    internal static readonly NativeDisk Instance = new();

    private NativeDisk()
    {
    }

    public IDataFile CreateNew(string path, long size) => NativeFile.CreateNew(path, size);

    public IDataFile CreateEmpty(string path) => NativeFile.CreateEmpty(path);

    public IDataFile OpenExisting(string path) => NativeFile.OpenExisting(path, writable: true);

    public IDataFile OpenOrCreate(string path) => NativeFile.OpenOrCreate(path);

    public void Rename(string from, string to)
    {
        if (Libc.Rename(from, to) != 0)
        {
            throw Libc.Error(to);
        }
    }

    public void Delete(string path) => Folders.Delete(path);

    public bool TryDelete(string path) => Folders.TryDelete(path);

    public void SyncFolder(string path) => Folders.Sync(path);
}
