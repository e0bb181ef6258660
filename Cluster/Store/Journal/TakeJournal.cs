using System.Collections.Concurrent;
using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Keys;

namespace Talreg.Store.Journal;

/// <summary>
/// The journal of a gateway, into which every take is written in arrival order (FORMAT.md §4), on one or several volumes.
/// Each volume has a writer thread, which seals and writes, and a commit thread, which syncs for all its takes at once.
/// When a write or a sync fails the volume is fenced, and its writer goes on on the next one with everything that was not
/// confirmed: producers and takes notice nothing. With the last volume gone, nothing is accepted any more.
/// </summary>
public sealed class TakeJournal : IAsyncDisposable
{
    /// <summary>The largest JSON of a take's facts or of an event, in bytes.</summary>
    public const int MaxJson = 256 * 1024;

    /// <summary>How many openings, events and closings may wait for a writer thread.</summary>
    public const int MaxCommands = 65536;

    // Frames, ids and seals around a record's JSON or chunk.
    private const int MaxOverhead = 512;

    private readonly ConcurrentDictionary<long, JournalTake> _takes = new();
    private readonly ConcurrentDictionary<Guid, JournalSegment> _segments = new();
    private readonly IKeyStore _keys;
    private readonly TimeProvider _time;
    private readonly JournalOptions _options;
    private readonly JournalVolume[] _volumes;
    private readonly VolumeSpace _recordings;
    private readonly BackgroundRecovery _recovery;
    private JournalWriter[] _writers = [];
    private StoreException? _failure;
    private bool _stopping;
    private long _lastSequence;
    private long _nextHandle;
    private int _nextWriter = -1;
    private long _accepted;
    private long _settled;
    private long _committedBytes;

    private TakeJournal(
        JournalOptions options, IKeyStore keys, TimeProvider time, IDisk disk)
    {
        _options = options;
        _keys = keys;
        _time = time;
        _volumes =
        [
            .. options.Volumes.Select(directory => new JournalVolume(directory, options, disk, time, VolumeFenced)),
        ];
        _recovery = new BackgroundRecovery(keys, RecordingsDirectory);
        _recordings = new VolumeSpace(Path.GetFullPath(RecordingsDirectory), options, time);
        Incarnation = options.Incarnation ?? new Guid(RandomNumberGenerator.GetBytes(16), bigEndian: true);
        BootId = options.BootId ?? MachineBoot.Read();
    }

    /// <summary>Raised for each volume that is fenced, on a thread of the journal.</summary>
    public event EventHandler<VolumeFencedEventArgs>? Fenced;

    /// <summary>This start of this process, as every chunk header states it.</summary>
    public Guid Incarnation { get; }

    /// <summary>The boot whose monotonic clock the journal's chunks use.</summary>
    public Guid BootId { get; }

    /// <summary>How the journal is doing now.</summary>
    public JournalHealth Health
    {
        get
        {
            var volumes = Array.ConvertAll(_volumes, static volume => volume.Health);
            return new JournalHealth(
                Interlocked.Read(ref _committedBytes),
                Interlocked.Read(ref _accepted) - Interlocked.Read(ref _settled),
                _segments.Count,
                IsFenced,
                volumes.LastOrDefault(static volume => volume.Fenced)?.FenceReason,
                Level,
                _recovery.UnreadBytes,
                volumes);
        }
    }

    /// <summary>How much room there is for new takes; see <see cref="JournalHealth.Level"/>.</summary>
    public SpaceLevel Level
    {
        get
        {
            var volumes = SpaceLevel.Refuse;
            foreach (var volume in _volumes)
            {
                if (!volume.IsFenced && volume.Space.Level < volumes)
                {
                    volumes = volume.Space.Level;
                }
            }

            return _recordings.Level > volumes ? _recordings.Level : volumes;
        }
    }

    /// <summary>True once no volume is left: nothing is accepted any more.</summary>
    public bool IsFenced => Volatile.Read(ref _failure) is not null;

    /// <summary>True while the journal is being closed.</summary>
    internal bool IsStopping => Volatile.Read(ref _stopping);

    internal JournalOptions Options => _options;

    private string RecordingsDirectory => _options.RecordingsDirectory ?? _options.Volumes[0];

    /// <summary>Opens a new segment on each volume; takes can be opened at once. What earlier processes left is read
    /// meanwhile, see <see cref="RecoveredAsync"/>; old segments are never written again. A volume that cannot be used is
    /// fenced from the start, as long as there is another.</summary>
    /// <exception cref="StoreException">No volume can be used, or another process uses one; the message is one line for
    /// an operator.</exception>
    public static ValueTask<TakeJournal> OpenAsync(
        JournalOptions options, IKeyStore keys, TimeProvider time, CancellationToken cancellationToken = default) =>
        OpenAsync(options, keys, time, NativeDisk.Instance, cancellationToken);

    internal static async ValueTask<TakeJournal> OpenAsync(
        JournalOptions options,
        IKeyStore keys,
        TimeProvider time,
        IDisk disk,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SegmentBytes, 64 * 1024, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.SegmentBytes, uint.MaxValue, nameof(options));
        ArgumentOutOfRangeException.ThrowIfZero(options.Volumes.Count, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            options.Volumes.Count, JournalOptions.MaxVolumes, nameof(options));
        var journal = new TakeJournal(options, keys, time, disk);
        try
        {
            await journal.StartAsync(cancellationToken).ConfigureAwait(false);
            return journal;
        }
        catch (VolumeInUseException e)
        {
            await journal.DisposeAsync().ConfigureAwait(false);
            throw new StoreException(e.Message, e);
        }
        catch (StoreException)
        {
            await journal.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What earlier processes left in the journal, on all its volumes. Completes when all of it was read, on a thread
    /// that yields to capture; its takes can then be sealed, at any time.</summary>
    /// <param name="cancellationToken">Ends the wait, not the reading.</param>
    /// <exception cref="OperationCanceledException">The journal was closed first: the next start reads it all again.</exception>
    public Task<RecoveryReport> RecoveredAsync(CancellationToken cancellationToken = default) =>
        _recovery.Report.WaitAsync(cancellationToken);

    /// <summary>Opens a take: draws its key and has it written before its first chunk. Any thread.</summary>
    /// <param name="identity">Which take.</param>
    /// <param name="takeFactsJson">Canonical JSON, the descriptor's members known at the start (FORMAT.md §5);
    /// <c>startMonotonicNs</c> must be there. At most <see cref="MaxJson"/> bytes; copied.</param>
    /// <exception cref="StoreException">No volume is left, the journal is overloaded, or the facts are too long for a
    /// segment.</exception>
    /// <exception cref="ArgumentException">A name or the JSON is not as the format wants it.</exception>
    public JournalTake OpenTake(TakeIdentity identity, ReadOnlySpan<byte> takeFactsJson)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(takeFactsJson.Length, MaxJson, nameof(takeFactsJson));
        ThrowIfTooLong(takeFactsJson.Length);
        ChunkHeader.WriteTake(stackalloc byte[ChunkHeader.Size], identity);
        var writer = ChooseWriter();
        var start = JournalTake.StartOf(takeFactsJson);
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        RandomNumberGenerator.Fill(key);
        var take = new JournalTake(identity, takeFactsJson.ToArray(), start, key)
        {
            Handle = Interlocked.Increment(ref _nextHandle),
            Writer = writer.Number,
        };
        CryptographicOperations.ZeroMemory(key);
        _takes[take.Handle] = take;
        try
        {
            writer.Enqueue(new JournalCommand(take, JournalCommandKind.Open));
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
        var lanes = Array.ConvertAll(_writers, writer => new ProducerLane(writer, _options.ProducerBytes));
        foreach (var (writer, lane) in _writers.Zip(lanes))
        {
            writer.Add(lane);
        }

        return new JournalProducer(this, lanes);
    }

    /// <summary>Writes an event of a take: participants, streams, pauses as they change. Completes when durable, or when the
    /// take is closed by then: what its closer knows stands in the seal, and nothing is written behind the close.</summary>
    /// <param name="take">A live take.</param>
    /// <param name="eventJson">Canonical JSON, at most <see cref="MaxJson"/> bytes; sealed before this returns.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <exception cref="StoreException">No volume is left, or the journal is overloaded; the event may
    /// be lost.</exception>
    public async ValueTask AppendEventAsync(
        JournalTake take, ReadOnlyMemory<byte> eventJson, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(eventJson.Length, MaxJson, nameof(eventJson));
        ThrowIfTooLong(take.Facts.Length + eventJson.Length);
        var command = new JournalCommand(take, JournalCommandKind.Event)
        {
            Payload = SealedJson.Seal(take.Key, take.Identity.TakeId, eventJson.Span),
        };
        _writers[take.Writer].Enqueue(command);
        await command.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes a take once every chunk appended before is written. Completes when durable. A producer that has not
    /// flushed the take's chunks delays it.</summary>
    /// <param name="take">A live take; it refuses chunks from now on.</param>
    /// <param name="reason">Number of the end reason.</param>
    /// <param name="cancellationToken">Ends the wait, not the closing.</param>
    /// <exception cref="InvalidOperationException">The take is closing or closed.</exception>
    /// <exception cref="StoreException">No volume is left: recovery will find the take open.</exception>
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
        _writers[take.Writer].Enqueue(command);
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
        Volatile.Write(ref _stopping, true);
        await _recovery.DisposeAsync().ConfigureAwait(false);
        foreach (var writer in _writers)
        {
            await writer.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var segment in _segments.Values)
        {
            segment.Dispose();
        }

        foreach (var volume in _volumes)
        {
            volume.Dispose();
        }
    }

    internal JournalTake? Find(long handle) => _takes.GetValueOrDefault(handle);

    /// <summary>Sequences grow over all volumes, so that a take's records are read in the order they were written.</summary>
    internal ulong NextSequence() => (ulong)Interlocked.Increment(ref _lastSequence);

    /// <summary>The volumes, beginning with one of them.</summary>
    internal IEnumerable<JournalVolume> VolumesFrom(JournalVolume first)
    {
        var start = Array.IndexOf(_volumes, first);
        return Enumerable.Range(0, _volumes.Length).Select(i => _volumes[(start + i) % _volumes.Length]);
    }

    internal void CountAccepted(int bytes) => Interlocked.Add(ref _accepted, bytes);

    internal void CountCommitted(CommitBatch batch)
    {
        Interlocked.Add(ref _settled, batch.AcceptedBytes);
        Interlocked.Add(ref _committedBytes, batch.WrittenBytes);
    }

    internal void ThrowIfFenced()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new StoreException($"the journal has no volume left: {failure.Message}", failure);
        }
    }

    /// <summary>A writer moved on: the old segment may be needed no more.</summary>
    internal void Rolled(JournalSegment from, JournalSegment to)
    {
        _segments[to.Id] = to;
        Discard(from);
    }

    /// <summary>No writer needs a segment: it is removed, now or with the last take in it.</summary>
    internal void Discard(JournalSegment segment)
    {
        _segments[segment.Id] = segment;
        segment.Retire();
        _ = ReleaseRetiredAsync(segment);
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var volume in _volumes)
        {
            Try(volume, volume.Open);
        }

        _lastSequence = (long)_recovery.Open(_volumes);
        var writers = new List<JournalWriter>();
        foreach (var volume in _volumes.Where(static volume => !volume.IsFenced))
        {
            var factory = new SegmentFactory(this, _keys, _time);
            try
            {
                var first = await factory.CreateAsync(volume, cancellationToken).ConfigureAwait(false);
                _segments[first.Id] = first;
                writers.Add(new JournalWriter(this, writers.Count, first, factory));
                Try(volume, volume.Reserve);
            }
            catch (StoreException e)
            {
                volume.Fence(e);
                await factory.DisposeAsync().ConfigureAwait(false);
            }
        }

        _writers = [.. writers];
        foreach (var writer in _writers)
        {
            writer.Start();
        }

        _recovery.Start(segment => _segments[segment.Id] = segment, ReleaseRetiredAsync);
        ThrowIfFenced();
    }

    private static void Try(JournalVolume volume, Action action)
    {
        try
        {
            action();
        }
        catch (StoreException e)
        {
            volume.Fence(e);
        }
    }

    // Round robin over the volumes in order: equal shares of the load, whatever the sizes of the disks. A full one is
    // passed over while another has room.
    private JournalWriter ChooseWriter()
    {
        ThrowIfFenced();
        var start = (uint)Interlocked.Increment(ref _nextWriter);
        JournalWriter? chosen = null;
        for (uint i = 0; i < _writers.Length; i++)
        {
            var writer = _writers[(start + i) % (uint)_writers.Length];
            if (!writer.Home.IsFenced && writer.Home.Space.Level < SpaceLevel.Refuse)
            {
                return writer;
            }

            chosen = chosen is null || chosen.Home.IsFenced ? writer : chosen;
        }

        return chosen!;
    }

    private void ThrowIfTooLong(int jsonLength)
    {
        if (SegmentHeader.Size + ChunkHeader.MaxChunk + (2L * MaxOverhead) + jsonLength > _options.SegmentBytes)
        {
            throw new StoreException($"{jsonLength} bytes of JSON do not fit a segment of {_options.SegmentBytes}");
        }
    }

    private void VolumeFenced(JournalVolume volume)
    {
        var left = _volumes.Count(static other => !other.IsFenced);
        if (left == 0)
        {
            Volatile.Write(ref _failure, volume.Failure);
        }

        Fenced?.Invoke(this, new VolumeFencedEventArgs(volume.Directory, volume.Failure!.Message, left));
        foreach (var writer in _writers)
        {
            writer.Wake();
        }
    }

    private async Task ReleaseRetiredAsync(JournalSegment segment)
    {
        try
        {
            await ReleaseUnneededAsync([segment], CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            segment.Volume.Fence(e);
        }
    }

    private async ValueTask ReleaseUnneededAsync(JournalSegment[] segments, CancellationToken cancellationToken)
    {
        foreach (var segment in segments)
        {
            if (segment.Unneeded && _segments.TryRemove(segment.Id, out _))
            {
                await RemoveAsync(segment, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // The key first: a file without its key is waste, a key without its file is a secret kept for nothing.
    internal async ValueTask RemoveAsync(JournalSegment segment, CancellationToken cancellationToken)
    {
        await _keys.DestroyAsync(KeyKind.Segment, segment.Id, cancellationToken).ConfigureAwait(false);
        segment.Dispose();

        // Where this fails, a start that can use the volume again removes the file, because its key is destroyed.
        if (segment.Volume.TryDelete(segment.Path))
        {
            _keys.Forget(KeyKind.Segment, segment.Id);
        }

        Try(segment.Volume, segment.Volume.Reserve);
    }
}
