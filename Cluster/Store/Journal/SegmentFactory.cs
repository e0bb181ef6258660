using System.Globalization;
using System.Security.Cryptography;
using Talreg.Evidence.Keys;
using Talreg.Store.Keys;

namespace Talreg.Store.Journal;

/// <summary>
/// Makes the segments of one writer: file reserved, header and key durable before anyone writes into it. The next one is
/// prepared while the current one fills, so that the writer thread does not wait.
/// </summary>
internal sealed class SegmentFactory(TakeJournal journal, IKeyStore keys, TimeProvider time) : IAsyncDisposable
{
    private readonly ManualResetEventSlim _ready = new();
    private JournalVolume? _preparingOn;
    private Task? _preparing;
    private JournalSegment? _prepared;
    private StoreException? _error;

    internal static string FileName(ulong sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{sequence:x16}.tj");

    /// <summary>Makes the next segment, on a volume.</summary>
    internal async Task<JournalSegment> CreateAsync(JournalVolume volume, CancellationToken cancellationToken)
    {
        var id = new Guid(RandomNumberGenerator.GetBytes(16), bigEndian: true);
        var header = new SegmentHeader(
            journal.NextSequence(), id, journal.Incarnation, time.GetUtcNow().ToUnixTimeMilliseconds());
        var size = journal.Options.SegmentBytes;
        var key = RandomNumberGenerator.GetBytes(KeyTree.KeySize);
        var file = volume.CreateSegment(FileName(header.Sequence));
        try
        {
            await keys.PutAsync(KeyKind.Segment, id, "", key, cancellationToken).ConfigureAwait(false);
            var bytes = new byte[SegmentHeader.Size];
            header.Write(bytes);
            file.Write(bytes, 0);
            file.Sync();
            volume.SyncNames();
            return new JournalSegment(header, volume, file, size, key, active: true);
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
    internal void Prepare(JournalVolume volume)
    {
        if (_preparing is null)
        {
            _preparingOn = volume;
            _preparing = Task.Run(() => PrepareAsync(volume));
        }
    }

    /// <summary>Waits for the next segment on a volume. The writer thread's.</summary>
    internal JournalSegment Take(JournalVolume volume)
    {
        if (_preparing is not null && _preparingOn != volume)
        {
            // Prepared for a volume that is in use no more.
            if (WaitForPrepared().Segment is { } unused)
            {
                journal.Discard(unused);
            }
        }

        Prepare(volume);
        var (segment, error) = WaitForPrepared();
        return segment ?? throw error!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_preparing is not null)
        {
            await _preparing.ConfigureAwait(false);
        }

        if (_prepared is not null)
        {
            await journal.RemoveAsync(_prepared, CancellationToken.None).ConfigureAwait(false);
        }

        _ready.Dispose();
    }

    private (JournalSegment? Segment, StoreException? Error) WaitForPrepared()
    {
        _ready.Wait();
        var result = (_prepared, _error);
        (_prepared, _error, _preparing) = (null, null, null);
        _ready.Reset();
        return result;
    }

    private async Task PrepareAsync(JournalVolume volume)
    {
        try
        {
            _prepared = await CreateAsync(volume, CancellationToken.None).ConfigureAwait(false);
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
