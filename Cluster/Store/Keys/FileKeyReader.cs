using System.Globalization;
using System.Security.Cryptography;
using Talreg.Evidence.Keys;

namespace Talreg.Store.Keys;

/// <summary>
/// Take keys of a store that another process of this machine writes. It keeps where it found a key, never a key: each look reads
/// the slot anew, so that a key destroyed meanwhile is not given. Any thread.
/// </summary>
/// <remarks>
/// A key that is not known yet is looked for among the newest slots and, when it is not there, in all of them: 128 bytes for
/// each recording of the store.
/// </remarks>
public sealed class FileKeyReader : IKeyStore
{
    private const int SlotsPerRead = 4096;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly RootKey _root;
    private readonly Dictionary<Guid, long> _takes = [];
    private long _end;

    /// <summary>Reads the store in a folder.</summary>
    /// <param name="directory">The folder that holds <c>keys</c>.</param>
    /// <param name="root">The root key under which the other process wraps; must outlive the reader.</param>
    public FileKeyReader(string directory, RootKey root)
    {
        _folder = Path.Combine(directory, "keys");
        _root = root;
    }

    /// <inheritdoc />
    /// <remarks>Keys of takes only: others are the writer's own business.</remarks>
    public bool TryGet(KeyKind kind, Guid id, string tenant, Span<byte> key)
    {
        Span<byte> slot = stackalloc byte[KeySlot.Size];
        if (kind != KeyKind.Take || !TryFind(id, slot) || !KeySlot.IsLive(slot))
        {
            return false;
        }

        Span<byte> wrapping = stackalloc byte[KeyTree.KeySize];
        KeyTree.TenantKey(_root.Span, tenant, wrapping);
        var unwrapped = KeySlot.TryUnwrap(slot, tenant, wrapping, key);
        CryptographicOperations.ZeroMemory(wrapping);
        return unwrapped
            ? true
            : throw new StoreException($"{_folder}: the key of {id} does not unwrap: wrong root key, or tenant");
    }

    /// <inheritdoc />
    public KeyState Find(KeyKind kind, Guid id)
    {
        Span<byte> slot = stackalloc byte[KeySlot.Size];
        return kind != KeyKind.Take || !TryFind(id, slot) ? KeyState.Unknown
            : KeySlot.IsLive(slot) ? KeyState.Live
            : KeyState.Destroyed;
    }

    /// <inheritdoc />
    /// <remarks>Of takes only, as of now.</remarks>
    public IReadOnlyList<Guid> List(KeyKind kind)
    {
        if (kind != KeyKind.Take)
        {
            return [];
        }

        lock (_gate)
        {
            Scan(0);
            return [.. _takes.Keys];
        }
    }

    /// <inheritdoc />
    /// <exception cref="StoreException">Always: the store is another process's.</exception>
    public ValueTask PutAsync(
        KeyKind kind,
        Guid id,
        string tenant,
        ReadOnlyMemory<byte> key,
        CancellationToken cancellationToken = default) =>
        throw new StoreException($"{_folder} is another process's; it is only read here");

    /// <inheritdoc />
    /// <exception cref="StoreException">Always: the store is another process's.</exception>
    public ValueTask DestroyAsync(KeyKind kind, Guid id, CancellationToken cancellationToken = default) =>
        throw new StoreException($"{_folder} is another process's; it is only read here");

    /// <inheritdoc />
    /// <exception cref="StoreException">Always: the store is another process's.</exception>
    public void Forget(KeyKind kind, Guid id) =>
        throw new StoreException($"{_folder} is another process's; it is only read here");

    private bool TryFind(Guid id, Span<byte> slot)
    {
        lock (_gate)
        {
            // A released segment's slot serves another key, so one that was passed by may hold a take's now.
            return TryRead(id, slot)
                || (Scan(_end) && TryRead(id, slot))
                || (Scan(0) && TryRead(id, slot));
        }
    }

    private bool TryRead(Guid id, Span<byte> slot)
    {
        if (!_takes.TryGetValue(id, out var place))
        {
            return false;
        }

        using var file = Open(place / FileKeyStore.SlotsPerFile);
        return file is not null
            && RandomAccess.Read(file, slot, place % FileKeyStore.SlotsPerFile * KeySlot.Size) == KeySlot.Size
            && KeySlot.TryRead(slot, out var kind, out var found)
            && kind == KeyKind.Take
            && found == id;
    }

    /// <summary>Notes every take's slot from one on.</summary>
    /// <returns>True when there was a slot.</returns>
    private bool Scan(long from)
    {
        var bytes = new byte[SlotsPerRead * KeySlot.Size];
        var place = from;
        while (Open(place / FileKeyStore.SlotsPerFile) is { } opened)
        {
            using var file = opened;
            var read = RandomAccess.Read(file, bytes, place % FileKeyStore.SlotsPerFile * KeySlot.Size);
            var slots = read / KeySlot.Size;
            for (var i = 0; i < slots; i++)
            {
                // A slot that does not check is being written now, or damaged; neither is a key.
                if (KeySlot.TryRead(bytes.AsSpan(i * KeySlot.Size, KeySlot.Size), out var kind, out var id)
                    && kind == KeyKind.Take)
                {
                    _takes[id] = place + i;
                }
            }

            place += slots;
            if (slots == 0)
            {
                break;
            }
        }

        _end = Math.Max(_end, place);
        return place > from;
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle? Open(long number)
    {
        var path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{number}.tks"));
        return File.Exists(path) ? File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete) : null;
    }
}
