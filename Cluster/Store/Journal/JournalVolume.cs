using System.Globalization;
using Talreg.Store.IO;

namespace Talreg.Store.Journal;

/// <summary>
/// One folder of the journal, best on a disk of its own. Fenced on its first failed write or sync, for the rest of the
/// process: what the kernel lost it reports only once. Any thread.
/// </summary>
internal sealed class JournalVolume
{
    private const string SpareExtension = ".spare";

    private readonly Lock _gate = new();
    private readonly Stack<string> _spares = new();
    private readonly JournalOptions _options;
    private readonly Func<string, long, IDataFile> _create;
    private readonly Action<JournalVolume>? _fenced;
    private StoreException? _failure;

    /// <summary>A volume in a folder; nothing is touched yet.</summary>
    /// <param name="directory">The volume's folder.</param>
    /// <param name="options">Sizes, reserve and levels.</param>
    /// <param name="create">Makes a new file of a path and a size; the seam at which tests inject faults.</param>
    /// <param name="time">Paces looks at the space.</param>
    /// <param name="fenced">Told once, on the thread that saw the failure.</param>
    internal JournalVolume(
        string directory,
        JournalOptions options,
        Func<string, long, IDataFile> create,
        TimeProvider time,
        Action<JournalVolume>? fenced = null)
    {
        Directory = Path.GetFullPath(directory);
        Space = new VolumeSpace(Directory, options, time);
        _options = options;
        _create = create;
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
            return _create(path, _options.SegmentBytes);
        }
        catch (StoreException e) when (e.IsOutOfSpace && TryUseSpare(path))
        {
            return NativeFile.OpenExisting(path, writable: true);
        }
    }

    /// <summary>Makes the folder, and takes up the reserve an earlier process left.</summary>
    internal void Open()
    {
        Folders.Create(Folder);
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
                    Folders.Delete(path);
                }
            }

            NoteReserve();
        }
    }

    /// <summary>Fills the reserve up as far as there is space.</summary>
    internal void Reserve()
    {
        lock (_gate)
        {
            try
            {
                while (_spares.Count < _options.ReserveSegments && !IsFenced)
                {
                    var number = _spares.Count;
                    var path = Path.Combine(
                        Folder, string.Create(CultureInfo.InvariantCulture, $"{number:x16}{SpareExtension}"));
                    Folders.Delete(path);
                    NativeFile.CreateNew(path, _options.SegmentBytes).Dispose();
                    _spares.Push(path);
                }

                Folders.Sync(Folder);
                NoteReserve();
            }
            catch (StoreException e) when (e.IsOutOfSpace)
            {
                // What there is must do: the level says so, and it is tried again whenever a segment is released.
                NoteReserve();
            }
        }
    }

    private bool TryUseSpare(string path)
    {
        lock (_gate)
        {
            if (!_spares.TryPop(out var spare))
            {
                return false;
            }

            NoteReserve();
            Folders.Rename(spare, path);
            return true;
        }
    }

    private void NoteReserve() => Space.ReserveBytes = _spares.Count * _options.SegmentBytes;
}
