using Talreg.Store.IO;

namespace Talreg.Store.Journal;

/// <summary>
/// One folder of the journal, best on a disk of its own. Fenced on its first failed write or sync, for the rest of the
/// process: what the kernel lost it reports only once. Any thread.
/// </summary>
internal sealed class JournalVolume
{
    private readonly Func<string, long, IDataFile> _create;
    private readonly Action<JournalVolume>? _fenced;
    private StoreException? _failure;

    /// <summary>A volume in a folder; nothing is touched yet.</summary>
    /// <param name="directory">The volume's folder.</param>
    /// <param name="create">Makes a new file of a path and a size; the seam at which tests inject faults.</param>
    /// <param name="fenced">Told once, on the thread that saw the failure.</param>
    internal JournalVolume(
        string directory, Func<string, long, IDataFile> create, Action<JournalVolume>? fenced = null)
    {
        Directory = Path.GetFullPath(directory);
        _create = create;
        _fenced = fenced;
    }

    internal string Directory { get; }

    /// <summary>Where the segments lie.</summary>
    internal string Folder => Path.Combine(Directory, "journal");

    /// <summary>What fenced the volume; null while all is well.</summary>
    internal StoreException? Failure => Volatile.Read(ref _failure);

    internal bool IsFenced => Failure is not null;

    internal VolumeHealth Health
    {
        get
        {
            var (free, total) = Space();
            return new VolumeHealth(Directory, free, total, IsFenced, Failure?.Message);
        }
    }

    /// <summary>Takes the volume out of use. Again is no error.</summary>
    internal void Fence(StoreException error)
    {
        if (Interlocked.CompareExchange(ref _failure, error, null) is null)
        {
            _fenced?.Invoke(this);
        }
    }

    internal IDataFile Create(string name, long bytes) => _create(Path.Combine(Folder, name), bytes);

    private (long Free, long Total) Space()
    {
        try
        {
            var drive = new DriveInfo(Directory);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (IOException)
        {
            return (-1, -1);
        }
    }
}
