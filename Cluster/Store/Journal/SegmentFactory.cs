using System.Globalization;
using System.Security.Cryptography;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Keys;

namespace Talreg.Store.Journal;

/// <summary>
/// Makes segments: file reserved, header and key durable before anyone writes into it. The next one is prepared while
/// the current one fills, so that the writer thread does not wait.
/// </summary>
internal sealed class SegmentFactory : IAsyncDisposable
{
    private readonly string _folder;
    private readonly JournalOptions _options;
    private readonly IKeyStore _keys;
    private readonly TimeProvider _time;
    private readonly Func<string, long, IDataFile> _create;
    private readonly ManualResetEventSlim _ready = new();
    private ulong _nextSequence;
    private Task? _preparing;
    private JournalSegment? _prepared;
    private StoreException? _error;

    internal SegmentFactory(
        string folder,
        JournalOptions options,
        IKeyStore keys,
        TimeProvider time,
        ulong nextSequence,
        Func<string, long, IDataFile> create)
    {
        _folder = folder;
        _options = options;
        _keys = keys;
        _time = time;
        _nextSequence = nextSequence;
        _create = create;
        Incarnation = options.Incarnation ?? new Guid(RandomNumberGenerator.GetBytes(16), bigEndian: true);
    }

    internal Guid Incarnation { get; }

    internal static string FileName(ulong sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{sequence:x16}.tj");

    /// <summary>Makes the next segment.</summary>
    internal async Task<JournalSegment> CreateAsync(CancellationToken cancellationToken)
    {
        var id = new Guid(RandomNumberGenerator.GetBytes(16), bigEndian: true);
        var header = new SegmentHeader(
            _nextSequence++, id, Incarnation, _time.GetUtcNow().ToUnixTimeMilliseconds());
        var key = RandomNumberGenerator.GetBytes(KeyTree.KeySize);
        await _keys.PutAsync(KeyKind.Segment, id, "", key, cancellationToken).ConfigureAwait(false);

        var file = _create(Path.Combine(_folder, FileName(header.Sequence)), _options.SegmentBytes);
        try
        {
            var bytes = new byte[SegmentHeader.Size];
            header.Write(bytes);
            file.Write(bytes, 0);
            file.Sync();
            Folders.Sync(_folder);
            return new JournalSegment(header, file, _options.SegmentBytes, key, active: true);
        }
        catch (StoreException)
        {
            file.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Begins to make the next segment, unless that was done. The writer thread's.</summary>
    internal void Prepare() => _preparing ??= Task.Run(PrepareAsync);

    /// <summary>Waits for the prepared segment. The writer thread's.</summary>
    internal JournalSegment Take()
    {
        Prepare();
        _ready.Wait();
        if (_error is not null)
        {
            throw _error;
        }

        var segment = _prepared!;
        _prepared = null;
        _preparing = null;
        _ready.Reset();
        return segment;
    }

    public async ValueTask DisposeAsync()
    {
        if (_preparing is not null)
        {
            await _preparing.ConfigureAwait(false);
        }

        if (_prepared is not null)
        {
            _prepared.Dispose();
            await _keys.DestroyAsync(KeyKind.Segment, _prepared.Id).ConfigureAwait(false);
            Folders.Delete(_prepared.Path);
        }

        _ready.Dispose();
    }

    private async Task PrepareAsync()
    {
        try
        {
            _prepared = await CreateAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            _error = e;
        }
        finally
        {
            _ready.Set();
        }
    }
}
