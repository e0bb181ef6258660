using Talreg.Evidence.Chunks;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Store.Journal;

/// <summary>
/// Reads what earlier processes left in the journal, on all its volumes together: cuts torn tails, sets damaged segments
/// aside, and finds the takes that are not sealed yet. It keeps every chunk that can be reached over damage and never gives
/// one that does not chain. A chunk that stands on two volumes counts once. One thread, once.
/// </summary>
internal sealed class JournalRecovery
{
    /// <summary>What a damaged segment's name ends with.</summary>
    internal const string DamagedSuffix = ".damaged";

    private readonly IKeyStore _keys;
    private readonly string _recordings;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<Guid, RecoveringTake?> _takes = [];
    private readonly Dictionary<Guid, UnopenedTake> _unopened = [];
    private readonly List<RecoveringTake> _order = [];
    private readonly List<QuarantinedSegment> _quarantined = [];
    private bool _complete;
    private long _torn;

    private JournalRecovery(
        bool complete, IKeyStore keys, string recordings, CancellationToken cancellationToken)
    {
        _complete = complete;
        _keys = keys;
        _recordings = recordings;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Reads the segments in the order given. No other process may have the volumes open. What cannot be read of a
    /// segment is damage of that segment; a volume that cannot be written is fenced.</summary>
    /// <param name="segments">In the order of their sequences; their files pass to the segments read, or are closed.</param>
    /// <param name="complete">False when a volume could not be read: what is missing may be there.</param>
    /// <param name="keys">Holds the segments' keys.</param>
    /// <param name="recordingsDirectory">The folder that holds <c>recordings</c>.</param>
    /// <param name="done">Told each segment that was read and is still needed, and each that was only done with (null), with
    /// its length.</param>
    /// <param name="cancellationToken">Ends it; nothing is changed that the next start would not find again.</param>
    internal static RecoveryReport Recover(
        IReadOnlyList<OldSegment> segments,
        bool complete,
        IKeyStore keys,
        string recordingsDirectory,
        Action<JournalSegment?, long> done,
        CancellationToken cancellationToken)
    {
        var run = new JournalRecovery(complete, keys, recordingsDirectory, cancellationToken);
        foreach (var old in segments)
        {
            var length = old.File.Length;
            try
            {
                run.Read(old);
            }
            catch (StoreException e)
            {
                old.Volume.Fence(e);
                run._complete = false;
            }

            done(old.Segment, length);
        }

        return run.Finish();
    }

    private RecoveryReport Finish()
    {
        var takes = _order.Select(static take => take.Finish()).ToLookup(HasRecording);
        return new RecoveryReport
        {
            Takes = [.. takes[false]],
            Recorded = [.. takes[true]],
            Unopened = [.. _unopened.Values.Where(take => !_takes.ContainsKey(take.TakeId))],
            Quarantined = _quarantined,
            TornBytes = _torn + _order.Sum(static take => take.TornBytes),
            Chunks = takes[false].Sum(static take => (long)take.Chunks),
        };
    }

    private bool HasRecording(RecoveredTake take) => HasRecording(take.Take.Identity.Tenant, take.Take.Identity.TakeId);

    private bool HasRecording(string tenant, Guid takeId) =>
        File.Exists(RecordingPath.Of(_recordings, tenant, takeId));

    private bool IsErased(Guid takeId) => _keys.Find(KeyKind.Take, takeId) == KeyState.Destroyed;

    private void Read(OldSegment old)
    {
        if (old.HeaderFails)
        {
            ReadWithoutHeader(old);
        }
        else if (old.Segment is { } segment)
        {
            Scan(segment, old.File, known: null);
        }
        else
        {
            old.File.Dispose();
            if (old.Fault is not null)
            {
                Quarantine(old.File, 0, old.Fault);
            }
            else
            {
                // Released already; the process died before the file was gone.
                Folders.Delete(old.File.Path);
                _keys.Forget(KeyKind.Segment, old.Id!.Value);
            }
        }
    }

    private void ReadWithoutHeader(OldSegment old)
    {
        if (FindKey(old) is { } segment)
        {
            old.Identify(segment);
            Scan(segment, old.File, old.Fault);
            return;
        }

        // A segment's header is durable before anything else is written: with nothing behind it, it never held anything.
        var scanner = new SegmentScanner(old.File, Guid.Empty);
        var empty = old.File.Length <= SegmentHeader.Size
            || scanner.Scan(static (_, _, _) => { }, static _ => { }, _cancellationToken).TornBytes == 0;
        old.File.Dispose();
        if (empty)
        {
            Folders.Delete(old.File.Path);
        }
        else
        {
            Quarantine(old.File, 0, old.Fault!);
        }
    }

    // Every record's check binds it to its segment's id, so that the first one tells which of the keys the segment has.
    private JournalSegment? FindKey(OldSegment old)
    {
        var record = new byte[RecordFrame.HeaderSize + RecordFrame.MaxBody];
        var rest = record.AsSpan(0, old.File.Read(record, SegmentHeader.Size));
        Span<byte> key = stackalloc byte[KeyTree.KeySize];
        foreach (var id in _keys.List(KeyKind.Segment))
        {
            if (RecordFrame.TryRead(rest, id, SegmentHeader.Size, out _, out _, out _)
                && _keys.TryGet(KeyKind.Segment, id, "", key))
            {
                var header = new SegmentHeader(old.Sequence, id, Guid.Empty, CreatedMs: 0);
                return new JournalSegment(header, old.Volume, old.File, old.File.Length, key, active: false);
            }
        }

        return null;
    }

    private void Scan(JournalSegment segment, NativeFile file, string? known)
    {
        var scanner = new SegmentScanner(file, segment.Id);
        long confirmed = 0;
        try
        {
            var end = scanner.Scan(
                (type, offset, body) => Record(segment, type, offset, body),
                offset => _order.ForEach(take => take.Doubt(segment, offset)),
                _cancellationToken);
            segment.End = end.End;
            confirmed = end.Confirmed;
            if ((known ?? end.Damage) is { } damage)
            {
                segment.Keep();
                Quarantine(file, known is null ? end.DamagedAt : 0, damage);
            }
            else if (file.Length > end.End)
            {
                _torn += end.TornBytes;
                file.SetLength(end.End);
            }
        }
        catch (StoreException e)
        {
            segment.Keep();
            Quarantine(file, segment.End, e.Message);
        }

        // Where a segment could not be read whole, what is missing later may have been confirmed in it.
        _order.ForEach(take => take.Settle(segment, _complete ? confirmed : long.MaxValue));
    }

    private void Quarantine(NativeFile file, long offset, string reason)
    {
        var path = file.Path;
        if (!path.EndsWith(DamagedSuffix, StringComparison.Ordinal))
        {
            path += DamagedSuffix;
            Folders.Rename(file.Path, path);
        }

        _quarantined.Add(new QuarantinedSegment(path, offset, reason));
        _complete = false;
    }

    private void Record(JournalSegment segment, RecordType type, long offset, ReadOnlySpan<byte> body)
    {
        segment.End = offset;
        switch (type)
        {
            case RecordType.TakeOpened or RecordType.TakeCarried:
                Open(segment, offset, body, type == RecordType.TakeCarried);
                break;
            case RecordType.Chunk when ChunkHeader.TryRead(body, out var header, out _):
                if (body.Length == header.TotalLength)
                {
                    AddChunk(segment, offset, body, header);
                }

                break;
            case RecordType.TakeEvent when body.Length > 16:
                Find(body)?.AddEvent(segment, body[16..]);
                break;
            case RecordType.TakeClosed when body.Length == ClosedRecord.Size:
                Find(body)?.Close(segment, offset, body);
                break;
            default:
                break;
        }
    }

    private void AddChunk(JournalSegment segment, long offset, ReadOnlySpan<byte> body, in ChunkHeader header)
    {
        if (_takes.TryGetValue(header.TakeId, out var take))
        {
            take?.AddChunk(segment, offset + RecordFrame.HeaderSize, body, header);
        }
        else if (_unopened.TryGetValue(header.TakeId, out var known))
        {
            _unopened[header.TakeId] = known with { Chunks = known.Chunks + 1 };
        }
        else if (HasRecording(header.Tenant, header.TakeId) || IsErased(header.TakeId))
        {
            _takes[header.TakeId] = null;
        }
        else
        {
            // The record that opened it is damaged, and with it the wrapped key: the file is kept, and the loss is told.
            segment.Keep();
            _unopened[header.TakeId] = new UnopenedTake(header.TakeId, header.Tenant, 1);
        }
    }

    private RecoveringTake? Find(ReadOnlySpan<byte> body) =>
        _takes.GetValueOrDefault(new Guid(body[..16], bigEndian: true));

    private void Open(JournalSegment segment, long offset, ReadOnlySpan<byte> body, bool carried)
    {
        if (body.Length < TakeRecord.Size(carried, 0))
        {
            segment.Keep();
            return;
        }

        var id = new Guid(body[..16], bigEndian: true);
        if (!_takes.TryGetValue(id, out var take))
        {
            take = RecoveringTake.Read(body, carried, segment);
            if (take is null)
            {
                // Bytes that pass their check and yet do not open: keep the file, say so.
                segment.Keep();
                _quarantined.Add(new QuarantinedSegment(segment.Path, 0, $"take {id} does not open"));
            }
            else if (IsErased(id))
            {
                take = null;
            }
            else
            {
                take.IsRecorded = HasRecording(take.Take.Identity.Tenant, id);
                _order.Add(take);
            }

            _takes[id] = take;
        }

        if (carried)
        {
            take?.Carried(segment, offset, body.Slice(TakeRecord.IdentitySize, TakeRecord.CarriedSize));
        }
        else
        {
            take?.Opened(segment);
        }
    }
}
