using System.Collections.Concurrent;
using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Keys;

namespace Talreg.Store.Journal;

/// <summary>
/// One directory into which every take of a gateway is written in arrival order (FORMAT.md §4). A writer thread seals and
/// writes; a commit thread syncs for all takes at once. When a write or a sync fails the volume is fenced: it says so
/// and accepts nothing more, because what the kernel lost it reports only once.
/// </summary>
public sealed class JournalVolume : IAsyncDisposable
{
    /// <summary>The largest JSON of a take's facts or of an event, in bytes.</summary>
    public const int MaxJson = 256 * 1024;

    /// <summary>How many openings, events and closings may wait for the writer thread.</summary>
    public const int MaxCommands = 65536;

    private readonly ConcurrentDictionary<long, JournalTake> _takes = new();
    private readonly ConcurrentDictionary<Guid, JournalSegment> _segments = new();
    private readonly SegmentFactory _factory;
    private readonly JournalWriter _writer;
    private readonly IKeyStore _keys;
    private readonly TimeProvider _time;
    private readonly JournalOptions _options;
    private StoreException? _fence;
    private long _nextHandle;
    private long _accepted;
    private long _settled;
    private long _committedBytes;

    private JournalVolume(
        JournalOptions options, IKeyStore keys, TimeProvider time, SegmentFactory factory, JournalSegment first)
    {
        _options = options;
        _keys = keys;
        _time = time;
        _factory = factory;
        _segments[first.Id] = first;
        _writer = new JournalWriter(this, first, factory);
        _writer.Start();
    }

    /// <summary>Raised once, on a thread of the volume, when it is fenced. Here a second volume would take over.</summary>
    public event EventHandler<VolumeFencedEventArgs>? Fenced;

    /// <summary>This start of this process, as every chunk header states it.</summary>
    public Guid Incarnation => _factory.Incarnation;

    /// <summary>The boot whose monotonic clock the volume's chunks use.</summary>
    public Guid BootId { get; private init; }

    /// <summary>What earlier processes left in the journal, found when the volume was opened.</summary>
    public RecoveryReport Recovery { get; private init; } = RecoveryReport.Empty;

    /// <summary>How the volume is doing now.</summary>
    public VolumeHealth Health
    {
        get
        {
            var (free, total) = Space();
            var committed = Interlocked.Read(ref _committedBytes);
            var backlog = Interlocked.Read(ref _accepted) - Interlocked.Read(ref _settled);
            var fence = Volatile.Read(ref _fence);
            return new VolumeHealth(
                committed, backlog, free, total, _segments.Count, fence is not null, fence?.Message);
        }
    }

    internal bool IsFenced => Volatile.Read(ref _fence) is not null;

    internal JournalOptions Options => _options;

    /// <summary>Recovers what earlier processes left, then opens a new segment. Old segments are never written again.</summary>
    /// <exception cref="StoreException">The folder cannot be used; the message is one line for an operator.</exception>
    public static ValueTask<JournalVolume> OpenAsync(
        JournalOptions options, IKeyStore keys, TimeProvider time, CancellationToken cancellationToken = default) =>
        OpenAsync(options, keys, time, static (path, size) => NativeFile.CreateNew(path, size), cancellationToken);

    internal static async ValueTask<JournalVolume> OpenAsync(
        JournalOptions options,
        IKeyStore keys,
        TimeProvider time,
        Func<string, long, IDataFile> create,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SegmentBytes, 64 * 1024, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.SegmentBytes, uint.MaxValue, nameof(options));
        var folder = Path.Combine(options.Directory, "journal");
        Folders.Create(folder);
        var report = JournalRecovery.Recover(options.Directory, keys, options.RecordingsDirectory);
        var factory = new SegmentFactory(folder, options, keys, time, report.NextSequence, create);
        var first = await factory.CreateAsync(cancellationToken).ConfigureAwait(false);
        var volume = new JournalVolume(options, keys, time, factory, first)
        {
            BootId = options.BootId ?? MachineBoot.Read(),
            Recovery = report,
        };
        foreach (var segment in report.OpenSegments)
        {
            volume._segments[segment.Id] = segment;
        }

        await volume.ReleaseUnneededAsync([.. report.OpenSegments], cancellationToken).ConfigureAwait(false);
        return volume;
    }

    /// <summary>Opens a take: draws its key and has it written before its first chunk. Any thread.</summary>
    /// <param name="identity">Which take.</param>
    /// <param name="takeFactsJson">Canonical JSON, the descriptor's members known at the start (FORMAT.md §5);
    /// <c>startMonotonicNs</c> must be there. At most <see cref="MaxJson"/> bytes; copied.</param>
    /// <exception cref="StoreException">The volume is fenced or overloaded.</exception>
    /// <exception cref="ArgumentException">A name or the JSON is not as the format wants it.</exception>
    public JournalTake OpenTake(TakeIdentity identity, ReadOnlySpan<byte> takeFactsJson)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(takeFactsJson.Length, MaxJson, nameof(takeFactsJson));
        ChunkHeader.WriteTake(stackalloc byte[ChunkHeader.Size], identity);
        var start = JournalTake.StartOf(takeFactsJson);
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        RandomNumberGenerator.Fill(key);
        var take = new JournalTake(identity, takeFactsJson.ToArray(), start, key)
        {
            Handle = Interlocked.Increment(ref _nextHandle),
        };
        CryptographicOperations.ZeroMemory(key);
        _takes[take.Handle] = take;
        try
        {
            _writer.Enqueue(new JournalCommand(take, JournalCommandKind.Open));
        }
        catch (StoreException)
        {
            _takes.TryRemove(take.Handle, out _);
            throw;
        }

        return take;
    }

    /// <summary>A way in for one thread that captures. Dispose it when that thread ends.</summary>
    public JournalProducer CreateProducer()
    {
        var producer = new JournalProducer(this, _options);
        _writer.Add(producer);
        return producer;
    }

    /// <summary>Writes an event of a take: participants, streams, pauses as they change. Completes when durable.</summary>
    /// <param name="take">A live take.</param>
    /// <param name="eventJson">Canonical JSON, at most <see cref="MaxJson"/> bytes; sealed before this returns.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <exception cref="StoreException">The volume is or becomes fenced, or is overloaded; the event may be lost.</exception>
    public async ValueTask AppendEventAsync(
        JournalTake take, ReadOnlyMemory<byte> eventJson, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(eventJson.Length, MaxJson, nameof(eventJson));
        var command = new JournalCommand(take, JournalCommandKind.Event)
        {
            Payload = SealedJson.Seal(take.Key, take.Identity.TakeId, eventJson.Span),
        };
        _writer.Enqueue(command);
        await command.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes a take once every chunk appended before is written. Completes when durable. A producer that has not
    /// flushed the take's chunks delays it.</summary>
    /// <param name="take">A live take; it refuses chunks from now on.</param>
    /// <param name="reason">Number of the end reason.</param>
    /// <param name="cancellationToken">Ends the wait, not the closing.</param>
    /// <exception cref="InvalidOperationException">The take is closing or closed.</exception>
    /// <exception cref="StoreException">The volume is or becomes fenced: recovery will find the take open.</exception>
    public async ValueTask<ClosedTake> CloseTakeAsync(
        JournalTake take, byte reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        if (!take.TryBeginClosing())
        {
            throw new InvalidOperationException($"Take {take.Identity.TakeId} is closing or closed already.");
        }

        var command = new JournalCommand(take, JournalCommandKind.Close)
        {
            Reason = reason,
            At = _time.GetUtcNow(),
            Appended = take.Appended,
        };
        _writer.Enqueue(command);
        await command.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
        return command.Closed!;
    }

    /// <summary>A take is sealed, and its key lies in the key store: segments nobody needs any more are destroyed.</summary>
    /// <exception cref="StoreException">A segment's key or file could not be removed.</exception>
    public ValueTask ReleaseAsync(JournalTake take, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        _takes.TryRemove(take.Handle, out _);
        var segments = take.LetGo();
        foreach (var segment in segments)
        {
            segment.RemoveTake();
        }

        return ReleaseUnneededAsync(segments, cancellationToken);
    }

    /// <summary>Writes and syncs what was handed over, then closes the files. Live takes stay open in the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _factory.DisposeAsync().ConfigureAwait(false);
        foreach (var segment in _segments.Values)
        {
            segment.Dispose();
        }
    }

    internal JournalTake? Find(long handle) => _takes.GetValueOrDefault(handle);

    internal void Wake() => _writer.Wake();

    internal void CountAccepted(int bytes) => Interlocked.Add(ref _accepted, bytes);

    internal void CountCommitted(CommitBatch batch)
    {
        Interlocked.Add(ref _settled, batch.AcceptedBytes);
        Interlocked.Add(ref _committedBytes, batch.WrittenBytes);
    }

    internal void Fence(StoreException error)
    {
        if (Interlocked.CompareExchange(ref _fence, error, null) is null)
        {
            Fenced?.Invoke(this, new VolumeFencedEventArgs(error.Message));
        }
    }

    internal void ThrowIfFenced()
    {
        if (Volatile.Read(ref _fence) is { } fence)
        {
            throw new StoreException($"the volume is fenced: {fence.Message}", fence);
        }
    }

    /// <summary>The writer moved on: the old segment may be needed no more.</summary>
    internal void Rolled(JournalSegment from, JournalSegment to)
    {
        _segments[to.Id] = to;
        from.Retire();
        _ = ReleaseRetiredAsync(from);
    }

    private async Task ReleaseRetiredAsync(JournalSegment segment)
    {
        try
        {
            await ReleaseUnneededAsync([segment], CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            Fence(e);
        }
    }

    private async ValueTask ReleaseUnneededAsync(JournalSegment[] segments, CancellationToken cancellationToken)
    {
        foreach (var segment in segments)
        {
            if (!segment.Unneeded || !_segments.TryRemove(segment.Id, out _))
            {
                continue;
            }

            // The key first: a file without its key is waste, a key without its file is a secret kept for nothing.
            await _keys.DestroyAsync(KeyKind.Segment, segment.Id, cancellationToken).ConfigureAwait(false);
            segment.Dispose();
            Folders.Delete(segment.Path);
        }
    }

    private (long Free, long Total) Space()
    {
        try
        {
            var drive = new DriveInfo(Path.GetFullPath(_options.Directory));
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (IOException)
        {
            return (-1, -1);
        }
    }
}
