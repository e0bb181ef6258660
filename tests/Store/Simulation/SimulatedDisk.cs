using Talreg.Store.IO;

namespace Talreg.Store.Tests.Simulation;

/// <summary>
/// Real files, of which every call is noted in order, with what had been acknowledged before it. From that list any disk
/// can be made that a crash may leave. A file's sync covers what had returned when it began, a folder's the names so far.
/// </summary>
/// <typeparam name="TAcknowledged">What had been acknowledged.</typeparam>
/// <param name="acknowledged">Gives it; called before each operation, on any thread, one at a time.</param>
internal sealed class SimulatedDisk<TAcknowledged>(Func<TAcknowledged> acknowledged) : IDisk, IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<DiskOperation> _operations = [];
    private readonly List<TAcknowledged> _acknowledged = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly ManualResetEventSlim _syncs = new(initialState: true);
    private int _files;
    private int _segments;
    private int _deadCalls;

    /// <summary>A disk that lies: its syncs of what stands behind a segment's header put nothing on stable storage.</summary>
    internal bool SyncsNothing { get; init; }

    /// <summary>A disk that lies about names: its syncs of the segments' folders put nothing on stable storage.</summary>
    internal bool SyncsNoNames { get; init; }

    /// <summary>The folder whose disk dies; null for none.</summary>
    internal string? DeadFolder { get; init; }

    /// <summary>With which of its calls it dies, from 1.</summary>
    internal int DeadFrom { get; init; } = int.MaxValue;

    /// <summary>Only that call fails.</summary>
    internal bool DeadOnce { get; init; }

    /// <summary>The segments, counted as they are asked for from 0, for which there is no space but the reserve.</summary>
    internal IReadOnlySet<int> FullAt { get; init; } = new HashSet<int>();

    /// <summary>What was done. Read it when everything that writes has ended.</summary>
    internal IReadOnlyList<DiskOperation> Operations => _operations;

    /// <summary>What had been acknowledged before each operation; the last is what is acknowledged now.</summary>
    internal IReadOnlyList<TAcknowledged> Acknowledged => [.. _acknowledged, acknowledged()];

    /// <summary>From now on syncs of written segments do not return, unless a disk dies: a writer that moves on waits for the
    /// sync under way.</summary>
    internal void HoldSyncs()
    {
        lock (_gate)
        {
            if (_deadCalls < DeadFrom)
            {
                _syncs.Reset();
            }
        }
    }

    internal void LetSyncs() => _syncs.Set();

    public IDataFile CreateNew(string path, long size)
    {
        lock (_gate)
        {
            ThrowIfDead(path);
            if (path.EndsWith(".tj", StringComparison.Ordinal) && FullAt.Contains(_segments++))
            {
                throw new StoreException($"{path}: No space left on device") { IsOutOfSpace = true };
            }

            return Create(path, size, NativeDisk.Instance.CreateNew(path, size));
        }
    }

    public IDataFile CreateEmpty(string path)
    {
        lock (_gate)
        {
            ThrowIfDead(path);
            return Create(path, 0, NativeDisk.Instance.CreateEmpty(path));
        }
    }

    public IDataFile OpenExisting(string path)
    {
        lock (_gate)
        {
            ThrowIfDead(path);
            return new SimulatedFile(this, _names[path], NativeDisk.Instance.OpenExisting(path));
        }
    }

    public IDataFile OpenOrCreate(string path)
    {
        lock (_gate)
        {
            ThrowIfDead(path);
            var file = NativeDisk.Instance.OpenOrCreate(path);
            return _names.TryGetValue(path, out var known)
                ? new SimulatedFile(this, known, file)
                : Create(path, 0, file);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            ThrowIfDead(from);
            NativeDisk.Instance.Rename(from, to);
            _names.Remove(from, out var file);
            _names[to] = file;
            Note(new DiskOperation(DiskCall.Rename, from, file) { To = to });
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            ThrowIfDead(path);
            TryDelete(path);
        }

        SyncFolder(Path.GetDirectoryName(path)!);
    }

    public bool TryDelete(string path)
    {
        lock (_gate)
        {
            if (IsDead(path) || !_names.Remove(path, out var file))
            {
                return false;
            }

            Note(new DiskOperation(DiskCall.Delete, path, file));
            return NativeDisk.Instance.TryDelete(path);
        }
    }

    public void SyncFolder(string path)
    {
        lock (_gate)
        {
            ThrowIfDead(path + "/");
            var covers = SyncsNoNames && path.EndsWith("/journal", StringComparison.Ordinal) ? 0 : _operations.Count;
            Note(new DiskOperation(DiskCall.SyncFolder, path, -1) { Covers = covers });
        }
    }

    public void Dispose() => _syncs.Dispose();

    private SimulatedFile Create(string path, long size, IDataFile native)
    {
        _names[path] = _files;
        Note(new DiskOperation(DiskCall.Create, path, _files) { Size = size });
        return new SimulatedFile(this, _files++, native);
    }

    private void Note(DiskOperation operation)
    {
        _acknowledged.Add(acknowledged());
        _operations.Add(operation);
    }

    private bool IsDead(string path) =>
        IsOnDeadDisk(path) && (DeadOnce ? _deadCalls == DeadFrom : _deadCalls >= DeadFrom);

    private bool IsOnDeadDisk(string path) =>
        DeadFolder is not null && path.StartsWith(DeadFolder + "/", StringComparison.Ordinal);

    private void ThrowIfDead(string path)
    {
        _deadCalls += IsOnDeadDisk(path) ? 1 : 0;
        if (IsDead(path))
        {
            _syncs.Set();
            throw new StoreException($"{path}: Input/output error");
        }
    }

    private sealed class SimulatedFile(SimulatedDisk<TAcknowledged> disk, int number, IDataFile native) : IDataFile
    {
        private int _syncs;

        public string Path => native.Path;

        public long Length => native.Length;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            lock (disk._gate)
            {
                // What a failed write left behind is unknown: it may be all of it.
                native.Write(bytes, offset);
                disk.Note(new DiskOperation(DiskCall.Write, Path, number) { Offset = offset, Bytes = bytes.ToArray() });
                disk.ThrowIfDead(Path);
            }
        }

        public int Read(Span<byte> buffer, long offset) => native.Read(buffer, offset);

        public void BeginWriteOut()
        {
            // A kernel writes out what it likes when it likes, with or without this.
        }

        public void Sync()
        {
            // The first one is of the header: whoever makes a segment is not held up.
            var ofRecords = _syncs++ > 0 && Path.EndsWith(".tj", StringComparison.Ordinal);
            int covers;
            lock (disk._gate)
            {
                covers = disk.SyncsNothing && ofRecords ? 0 : disk._operations.Count;
            }

            if (ofRecords)
            {
                disk._syncs.Wait();
            }

            lock (disk._gate)
            {
                disk.ThrowIfDead(Path);
                disk.Note(new DiskOperation(DiskCall.Sync, Path, number) { Covers = covers });
            }
        }

        public void Dispose() => native.Dispose();
    }
}
