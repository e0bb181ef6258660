using System.Globalization;
using System.Security.Cryptography;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;

namespace Talreg.Store.Keys;

/// <summary>
/// The key store in files of 128 byte slots overwritten in place (FORMAT.md §7). Writers that come together share one
/// sync. When a write or a sync fails, the store is fenced: nothing is put or destroyed any more, reading goes on.
/// </summary>
public sealed class FileKeyStore : IKeyStore, IDisposable
{
    /// <summary>Slots per file: 8 MiB.</summary>
    public const int SlotsPerFile = 65536;

    private const int SlotsPerRead = 8192;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly RootKey _root;
    private readonly IDisk _disk;
    private readonly List<IDataFile> _files = [];
    private readonly Dictionary<(KeyKind, Guid), long> _slots = [];
    private readonly Stack<long> _free = new();
    private readonly HashSet<IDataFile> _dirty = [];
    private TaskCompletionSource? _nextSync;
    private bool _syncing;
    private long _end;
    private string? _fence;

    private FileKeyStore(string folder, RootKey root, IDisk disk)
    {
        _folder = folder;
        _root = root;
        _disk = disk;
    }

    /// <summary>Slots whose check fails. Their keys are lost, and so is what they open: restore the store's backup.</summary>
    public int DamagedSlots { get; private set; }

    /// <summary>Opens the store in a folder, and makes it when it is missing.</summary>
    /// <param name="directory">The folder that holds <c>keys</c>.</param>
    /// <param name="root">The root key; must outlive the store.</param>
    /// <exception cref="StoreException">The folder or a file cannot be used.</exception>
    public static FileKeyStore Open(string directory, RootKey root) => Open(directory, root, NativeDisk.Instance);

    internal static FileKeyStore Open(string directory, RootKey root, IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(root);
        var store = new FileKeyStore(Path.Combine(directory, "keys"), root, disk);
        Folders.Create(store._folder);
        store.Load();
        return store;
    }

    /// <inheritdoc />
    public async ValueTask PutAsync(
        KeyKind kind,
        Guid id,
        string tenant,
        ReadOnlyMemory<byte> key,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyTree.KeySize, nameof(key));
        Task synced;
        lock (_gate)
        {
            ThrowIfFenced();
            if (_slots.TryGetValue((kind, id), out var known))
            {
                ThrowUnlessSame(known, kind, id, tenant, key.Span);
                synced = SyncSoon(FileOf(known));
            }
            else
            {
                var slot = _free.TryPop(out var free) ? free : _end++;
                Span<byte> bytes = stackalloc byte[KeySlot.Size];
                Span<byte> wrapping = stackalloc byte[KeyTree.KeySize];
                WrappingKey(kind, tenant, wrapping);
                KeySlot.Write(bytes, kind, id, tenant, wrapping, key.Span);
                CryptographicOperations.ZeroMemory(wrapping);
                synced = WriteSlot(slot, bytes);
                _slots[(kind, id)] = slot;
            }
        }

        await synced.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public bool TryGet(KeyKind kind, Guid id, string tenant, Span<byte> key)
    {
        Span<byte> bytes = stackalloc byte[KeySlot.Size];
        lock (_gate)
        {
            if (!_slots.TryGetValue((kind, id), out var slot))
            {
                return false;
            }

            ReadSlot(slot, bytes);
        }

        return KeySlot.IsLive(bytes)
            && (TryUnwrap(bytes, kind, tenant, key)
                ? true
                : throw new StoreException($"{_folder}: the key of {id} does not unwrap: wrong root key, or tenant"));
    }

    /// <inheritdoc />
    public KeyState Find(KeyKind kind, Guid id)
    {
        Span<byte> bytes = stackalloc byte[KeySlot.Size];
        lock (_gate)
        {
            if (!_slots.TryGetValue((kind, id), out var slot))
            {
                return KeyState.Unknown;
            }

            ReadSlot(slot, bytes);
        }

        return KeySlot.IsLive(bytes) ? KeyState.Live : KeyState.Destroyed;
    }

    /// <inheritdoc />
    public IReadOnlyList<Guid> List(KeyKind kind)
    {
        lock (_gate)
        {
            return [.. _slots.Keys.Where(key => key.Item1 == kind).Select(static key => key.Item2)];
        }
    }

    /// <inheritdoc />
    public async ValueTask DestroyAsync(KeyKind kind, Guid id, CancellationToken cancellationToken = default)
    {
        Task synced;
        lock (_gate)
        {
            ThrowIfFenced();
            if (!_slots.TryGetValue((kind, id), out var slot))
            {
                return;
            }

            Span<byte> bytes = stackalloc byte[KeySlot.Size];
            ReadSlot(slot, bytes);
            KeySlot.Destroy(bytes);
            synced = WriteSlot(slot, bytes);
        }

        await synced.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public void Forget(KeyKind kind, Guid id)
    {
        Span<byte> bytes = stackalloc byte[KeySlot.Size];
        lock (_gate)
        {
            if (!_slots.TryGetValue((kind, id), out var slot))
            {
                return;
            }

            ReadSlot(slot, bytes);
            if (!KeySlot.IsLive(bytes))
            {
                _slots.Remove((kind, id));
                _free.Push(slot);
            }
        }
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var file in _files)
            {
                file.Dispose();
            }

            _files.Clear();
            _fence = "closed";
        }
    }

    private void Load()
    {
        var bytes = new byte[SlotsPerRead * KeySlot.Size];
        for (var n = 0; ; n++)
        {
            var path = FilePath(n);
            if (!File.Exists(path))
            {
                break;
            }

            var file = _disk.OpenExisting(path);
            _files.Add(file);

            // A last slot cut short was never confirmed.
            var count = file.Length / KeySlot.Size;
            for (long i = 0; i < count; i += SlotsPerRead)
            {
                var slots = file.Read(bytes, i * KeySlot.Size) / KeySlot.Size;
                for (var k = 0; k < slots; k++)
                {
                    LoadSlot((n * (long)SlotsPerFile) + i + k, bytes.AsSpan(k * KeySlot.Size, KeySlot.Size));
                }
            }

            _end = (n * (long)SlotsPerFile) + count;
        }
    }

    private void LoadSlot(long slot, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAnyExcept((byte)0))
        {
            _free.Push(slot);
        }
        else if (!KeySlot.TryRead(bytes, out var kind, out var id))
        {
            DamagedSlots++;
        }
        else
        {
            _slots[(kind, id)] = slot;
        }
    }

    private void ThrowUnlessSame(long slot, KeyKind kind, Guid id, string tenant, ReadOnlySpan<byte> key)
    {
        Span<byte> bytes = stackalloc byte[KeySlot.Size];
        Span<byte> stored = stackalloc byte[KeyTree.KeySize];
        ReadSlot(slot, bytes);
        if (!KeySlot.IsLive(bytes))
        {
            throw new StoreException($"{_folder}: the key of {id} was destroyed and is not put again");
        }

        var same = TryUnwrap(bytes, kind, tenant, stored) && CryptographicOperations.FixedTimeEquals(stored, key);
        CryptographicOperations.ZeroMemory(stored);
        if (!same)
        {
            throw new StoreException($"{_folder}: another key is kept for {id}");
        }
    }

    private bool TryUnwrap(ReadOnlySpan<byte> slot, KeyKind kind, string tenant, Span<byte> key)
    {
        Span<byte> wrapping = stackalloc byte[KeyTree.KeySize];
        WrappingKey(kind, tenant, wrapping);
        var unwrapped = KeySlot.TryUnwrap(slot, tenant, wrapping, key);
        CryptographicOperations.ZeroMemory(wrapping);
        return unwrapped;
    }

    private void WrappingKey(KeyKind kind, string tenant, Span<byte> key)
    {
        if (kind == KeyKind.Segment)
        {
            KeyTree.NodeKey(_root.Span, key);
        }
        else
        {
            KeyTree.TenantKey(_root.Span, tenant, key);
        }
    }

    private Task WriteSlot(long slot, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var file = FileOf(slot);
            file.Write(bytes, slot % SlotsPerFile * KeySlot.Size);
            return SyncSoon(file);
        }
        catch (StoreException e)
        {
            _fence = e.Message;
            throw;
        }
    }

    private void ReadSlot(long slot, Span<byte> bytes) =>
        FileOf(slot).Read(bytes, slot % SlotsPerFile * KeySlot.Size);

    private IDataFile FileOf(long slot)
    {
        var n = (int)(slot / SlotsPerFile);
        if (n == _files.Count)
        {
            _files.Add(_disk.OpenOrCreate(FilePath(n)));
            _disk.SyncFolder(_folder);
        }

        return _files[n];
    }

    private string FilePath(int n) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{n}.tks"));

    private Task SyncSoon(IDataFile file)
    {
        _dirty.Add(file);
        _nextSync ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_syncing)
        {
            _syncing = true;
            _ = Task.Run(SyncAll);
        }

        return _nextSync.Task;
    }

    private void SyncAll()
    {
        while (true)
        {
            TaskCompletionSource sync;
            IDataFile[] files;
            lock (_gate)
            {
                if (_nextSync is null)
                {
                    _syncing = false;
                    return;
                }

                sync = _nextSync;
                _nextSync = null;
                files = [.. _dirty];
                _dirty.Clear();
            }

            try
            {
                foreach (var file in files)
                {
                    file.Sync();
                }

                sync.SetResult();
            }
            catch (StoreException e)
            {
                lock (_gate)
                {
                    _fence = e.Message;
                }

                sync.SetException(e);
            }
        }
    }

    private void ThrowIfFenced()
    {
        if (_fence is not null)
        {
            throw new StoreException($"the key store is fenced: {_fence}");
        }
    }
}
