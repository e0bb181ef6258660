using System.Globalization;
using Talreg.Store.IO;

namespace Talreg.Store.Journal;

/// <summary>
/// One folder of the journal, best on a disk of its own. Fenced on its first failed write or sync, for the rest of the
/// process: what the kernel lost it reports only once. Any thread.
/// </summary>
internal sealed class JournalVolume : IDisposable
{
    private const string SpareExtension = ".spare";

    private readonly Lock _gate = new();
    private readonly Stack<string> _spares = new();
    private readonly JournalOptions _options;
    private readonly IDisk _disk;
    private readonly Action<JournalVolume>? _fenced;
    private VolumeLock? _lock;
    private StoreException? _failure;

    /// <summary>A volume in a folder; nothing is touched yet.</summary>
    /// <param name="directory">The volume's folder.</param>
    /// <param name="options">Sizes, reserve and levels.</param>
    /// <param name="disk">Where its files are; the seam at which tests inject faults.</param>
    /// <param name="time">Paces looks at the space.</param>
    /// <param name="fenced">Told once, on the thread that saw the failure.</param>
    internal JournalVolume(
        string directory,
        JournalOptions options,
        IDisk disk,
        TimeProvider time,
        Action<JournalVolume>? fenced = null)
    {
        Directory = Path.GetFullPath(directory);
        Space = new VolumeSpace(Directory, options, time);
        _options = options;
        _disk = disk;
        _fenced = fenced;
    }

    internal string Directory { get; }

    /// <summary>Where the segments lie.</summary>
    internal string Folder => Path.Combine(Directory, "journal");

    internal VolumeSpace Space { get; }

    /// <summary>What fenced the volume; null while all is well.</summary>
    internal StoreException? Failure => Volatile.Read(ref _failure);

    internal bool IsFenced => Failure is not null;

    internal VolumeHealth Health
    {
        get
        {
            var (free, total) = Space.Now;
            return new VolumeHealth(
                Directory, free, total, Space.ReserveBytes, Space.Level, IsFenced, Failure?.Message);
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

    /// <summary>Makes the file of a segment, from the reserve where there is no space left.</summary>
    /// <exception cref="StoreException">The device failed, or the reserve is used up too.</exception>
    internal IDataFile CreateSegment(string name)
    {
        var path = Path.Combine(Folder, name);
        try
        {
            return _disk.CreateNew(path, _options.SegmentBytes);
        }
        catch (StoreException e) when (e.IsOutOfSpace && TryUseSpare(path))
        {
            return _disk.OpenExisting(path);
        }
    }

    /// <summary>Makes the name of a segment durable.</summary>
    internal void SyncNames() => _disk.SyncFolder(Folder);

    /// <summary>Removes the file of a segment nobody needs.</summary>
    /// <returns>False when the volume is fenced, and the file may still be there after a crash.</returns>
    internal bool TryDelete(string path)
    {
        if (IsFenced)
        {
            _disk.TryDelete(path);
            return false;
        }

        _disk.Delete(path);
        return true;
    }

    /// <summary>Makes the folder, takes it for this process, and takes up the reserve an earlier process left.</summary>
    /// <exception cref="VolumeInUseException">Another process has it.</exception>
    /// <exception cref="StoreException">The volume cannot be used.</exception>
    internal void Open()
    {
        Folders.Create(Folder);
        _lock = VolumeLock.Take(Directory, Folder);
        lock (_gate)
        {
            foreach (var path in System.IO.Directory.EnumerateFiles(Folder, "*" + SpareExtension))
            {
                // Only a spare of this size can become a segment.
                if (new FileInfo(path).Length == _options.SegmentBytes && _spares.Count < _options.ReserveSegments)
                {
                    _spares.Push(path);
                }
                else
                {
                    _disk.Delete(path);
                }
            }

            NoteReserve();
        }
    }

    /// <summary>Fills the reserve up as far as there is space.</summary>
    internal void Reserve()
    {
        if (IsFenced)
        {
            return;
        }

        lock (_gate)
        {
            try
            {
                while (_spares.Count < _options.ReserveSegments)
                {
                    var path = FreeSpareName();
                    _disk.Delete(path);
                    _disk.CreateNew(path, _options.SegmentBytes).Dispose();
                    _spares.Push(path);
                }

                _disk.SyncFolder(Folder);
                NoteReserve();
            }
            catch (StoreException e) when (e.IsOutOfSpace)
            {
                // What there is must do: the level says so, and it is tried again whenever a segment is released.
                NoteReserve();
            }
        }
    }

    /// <summary>Lets another process have the volume.</summary>
    public void Dispose() => _lock?.Dispose();

    // Which of the reserve's names is free says the reserve itself: its files were used in any order.
    private string FreeSpareName() => Enumerable.Range(0, _options.ReserveSegments)
        .Select(number => Path.Combine(
            Folder, string.Create(CultureInfo.InvariantCulture, $"{number:x16}{SpareExtension}")))
        .First(path => !_spares.Contains(path));

    private bool TryUseSpare(string path)
    {
        lock (_gate)
        {
            if (!_spares.TryPop(out var spare))
            {
                return false;
            }

            NoteReserve();
            _disk.Rename(spare, path);
            _disk.SyncFolder(Folder);
            return true;
        }
    }

    private void NoteReserve() => Space.ReserveBytes = _spares.Count * _options.SegmentBytes;
}
