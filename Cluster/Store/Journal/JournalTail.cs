using System.Buffers.Binary;
using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;

namespace Talreg.Store.Journal;

/// <summary>
/// The end of one writer's journal: frames records, writes them, and keeps them until a sync confirms them. When a segment
/// is full it goes on in the next; when the volume fails, on another volume, where it first writes again what was not
/// confirmed. The writer thread's alone.
/// </summary>
internal sealed class JournalTail
{
    private const int MarkSize = RecordFrame.HeaderSize + 8;

    private static readonly TimeSpan SpacePoll = TimeSpan.FromMilliseconds(250);

    private readonly TakeJournal _journal;
    private readonly JournalVolume _home;
    private readonly SegmentFactory _factory;
    private readonly CommitThread _commits;
    private readonly UnconfirmedRecords _records;
    private readonly CommitBatch _batch = new();
    private JournalSegment _segment;

    /// <summary>Goes on behind a new segment's header.</summary>
    /// <param name="journal">Names the volumes.</param>
    /// <param name="first">The segment; its volume is preferred from then on.</param>
    /// <param name="factory">Makes the next ones; stays the caller's.</param>
    /// <param name="commits">Syncs what is written; stays the caller's.</param>
    internal JournalTail(TakeJournal journal, JournalSegment first, SegmentFactory factory, CommitThread commits)
    {
        _journal = journal;
        _home = first.Volume;
        _segment = first;
        _factory = factory;
        _commits = commits;
        _records = new UnconfirmedRecords(journal.Options.UnconfirmedBytes);
    }

    /// <summary>What ended it: no volume is left. Null while records are taken.</summary>
    internal StoreException? Failure { get; private set; }

    /// <summary>Calls back once everything placed so far is confirmed, or will never be.</summary>
    internal void NoteCompletion(Action<StoreException?> completion) => _batch.NoteCompletion(completion);

    /// <summary>Makes room for a record of a take, in a segment in which the take is open. May wait for a sync.</summary>
    /// <returns>False when no volume is left.</returns>
    internal bool TryReady(JournalTake take, int bodyLength)
    {
        if (!TryReserve(RecordFrame.HeaderSize + bodyLength + OpeningSize(take)))
        {
            return false;
        }

        var writing = take.Writing;
        if (writing.Segment != _segment)
        {
            var carried = writing.Sealer is not null;
            writing.Sealer ??= new TakeSealer(take.Identity, take.Key, _journal.Incarnation, _journal.BootId);
            var head = new ChunkHash(writing.Sealer.ChainHead);
            var room = _records.Room(OpeningSize(take));
            _records.Place(WriteOpening(take, carried ? writing.Sealer.Chunks : null, head, room, UnwrittenEnd));
        }

        return true;
    }

    /// <summary>Where the body of the next record goes, after <see cref="TryReady"/>.</summary>
    internal Span<byte> Body(int length) => _records.Room(RecordFrame.HeaderSize + length)[RecordFrame.HeaderSize..];

    /// <summary>The body is in place: frames it.</summary>
    /// <param name="take">Whose record it is.</param>
    /// <param name="type">Its type.</param>
    /// <param name="bodyLength">Length of the body.</param>
    /// <param name="chunks">The take's chunks before it.</param>
    /// <param name="head">The take's chain head before it.</param>
    internal void Append(JournalTake take, RecordType type, int bodyLength, ulong chunks, ChunkHash head)
    {
        var length = RecordFrame.HeaderSize + bodyLength;
        RecordFrame.Finish(_records.Room(length), type, _segment.Id, UnwrittenEnd);
        if (type == RecordType.Chunk)
        {
            take.Places.Add(Place(take, UnwrittenEnd, bodyLength));
            _batch.Note(take, chunks + 1);
            _batch.AcceptedBytes += JournalProducer.RecordSize(
                bodyLength - ChunkHeader.Size - ChunkHeader.TagSize);
        }

        _records.Keep(take, type, length, chunks, head);
    }

    /// <summary>The take was opened by <see cref="TryReady"/>, and must be open wherever records are written again.</summary>
    internal void KeepOpening(JournalTake take) => _records.Keep(
        take, RecordType.TakeOpened, 0, take.Writing.Sealer!.Chunks, new ChunkHash(take.Writing.Sealer.ChainHead));

    /// <summary>Says how far syncs reached, so that a reader can tell a torn tail from damage. It needs no sync itself.</summary>
    internal void WriteMark()
    {
        var committed = _segment.Committed;
        if (committed <= _segment.Marked
            || Failure is not null
            || UnwrittenEnd + MarkSize > _segment.Size
            || !_records.Fits(MarkSize))
        {
            return;
        }

        var mark = _records.Room(MarkSize);
        BinaryPrimitives.WriteInt64BigEndian(mark[RecordFrame.HeaderSize..], committed);
        RecordFrame.Finish(mark, RecordType.CommitMark, _segment.Id, UnwrittenEnd);
        _records.Place(MarkSize);
        _segment.Marked = committed;
    }

    /// <summary>Writes what was placed and has it synced.</summary>
    internal void Write()
    {
        if (Failure is not null)
        {
            return;
        }

        if (_segment.Volume.Failure is { } failure)
        {
            FailOver(failure);
            return;
        }

        if (_records.UnwrittenLength > 0)
        {
            try
            {
                _segment.File.Write(_records.Unwritten, _segment.End);
            }
            catch (StoreException e)
            {
                _segment.Volume.Fence(e);
                FailOver(e);
                return;
            }

            _segment.End += _records.UnwrittenLength;
            if (!_batch.IsEmpty)
            {
                _batch.NoteWritten(_segment, _records.UnwrittenLength);
            }

            _records.NoteWritten();
        }

        Publish();
    }

    /// <summary>Lets go what syncs have confirmed; when one failed, everything else is written elsewhere.</summary>
    internal void Settle()
    {
        if (Failure is null && (_commits.Failure ?? _segment.Volume.Failure) is { } failure)
        {
            FailOver(failure);
        }

        _records.Confirm(_commits.Position);
    }

    /// <summary>Has the next segment made, once the current one is half full.</summary>
    internal void PrepareNext()
    {
        if (Failure is null && _segment.End > _segment.Size / 2)
        {
            _factory.Prepare(_home.IsFenced ? _segment.Volume : _home);
        }
    }

    /// <summary>Writes what is left and waits until it is confirmed, or no volume is left.</summary>
    internal void Complete()
    {
        Write();
        Settle();
        while (Failure is null && !_records.IsEmpty)
        {
            _commits.WaitForNews();
            Settle();
        }
    }

    private long UnwrittenEnd => _segment.End + _records.UnwrittenLength;

    private static int OpeningSize(JournalTake take) =>
        RecordFrame.HeaderSize + TakeRecord.Size(carried: true, SealedJson.Overhead + take.Facts.Length);

    private static ChunkPlace Place(JournalTake take, long offset, int length) =>
        new(take.Writing.SegmentNumber, (uint)(offset + RecordFrame.HeaderSize), length);

    private void Publish()
    {
        if (!_batch.IsEmpty)
        {
            _batch.Position = _records.Position;
            _commits.Publish(_batch);
        }
    }

    private bool TryReserve(int length)
    {
        while (Failure is null)
        {
            if (UnwrittenEnd + length > _segment.Size)
            {
                Write();
                if (Failure is null && _segment.End + length > _segment.Size)
                {
                    MoveOn();
                }
            }
            else if (_records.Fits(length))
            {
                return true;
            }
            else if (_records.UnwrittenLength > 0)
            {
                Write();
            }
            else if (!_records.TryAdvance())
            {
                // The disk lags by all this memory: producers wait in theirs meanwhile, and refuse when that is full.
                _commits.WaitForNews();
                Settle();
            }
        }

        return false;
    }

    // Opens a take in the segment: anew, or as it goes on from what stands elsewhere. Gives the record's length.
    private int WriteOpening(JournalTake take, ulong? chunks, ChunkHash head, Span<byte> room, long offset)
    {
        take.Writing.SegmentNumber = take.AddSegment(_segment);
        take.Writing.Segment = _segment;
        Span<byte> nonce = stackalloc byte[12];
        Span<byte> wrapped = stackalloc byte[TakeRecord.WrappedSize];
        RandomNumberGenerator.Fill(nonce);
        TakeRecord.WrapKey(_segment.Key, take.Identity.TakeId, _segment.Id, take.Key, nonce, wrapped);
        var facts = SealedJson.Seal(take.Key, take.Identity.TakeId, take.Facts);
        var length = RecordFrame.HeaderSize + TakeRecord.Size(chunks is not null, facts.Length);
        TakeRecord.Write(room[RecordFrame.HeaderSize..length], take.Identity, chunks, head, wrapped, facts);
        var type = chunks is null ? RecordType.TakeOpened : RecordType.TakeCarried;
        RecordFrame.Finish(room[..length], type, _segment.Id, offset);
        return length;
    }

    // The segment is full.
    private void MoveOn()
    {
        if (NextSegment() is { } next)
        {
            Use(next);
        }
        else
        {
            End(_home.Failure ?? _segment.Volume.Failure ?? NoSpaceLeft());
        }
    }

    private void Use(JournalSegment next)
    {
        var last = _segment;
        _segment = next;
        _journal.Rolled(last, next);
    }

    // A volume is lost and fenced, and with it whatever no sync confirmed: all that is in memory still, and goes to the next
    // one. It need not be the volume written to now: a segment there may have followed a full one on the lost volume.
    private void FailOver(StoreException error)
    {
        while (true)
        {
            _commits.TakeBack(_batch);
            _batch.ForgetWrites();
            _records.NoteWritten();
            _records.Confirm(_commits.Position);
            if (NextSegment() is not { } next)
            {
                End(error);
                return;
            }

            Use(next);
            try
            {
                WriteAgain();
                return;
            }
            catch (StoreException e)
            {
                error = e;
            }
        }
    }

    private void WriteAgain()
    {
        foreach (var record in _records.Records)
        {
            var take = record.Take;
            if (_segment.End + OpeningSize(take) + record.Memory.Length > _segment.Size)
            {
                Use(NextSegment() ?? throw _segment.Volume.Failure ?? NoSpaceLeft());
            }

            if (take.Writing.Segment != _segment)
            {
                var opening = new byte[OpeningSize(take)];
                WriteNow(opening.AsSpan(0, WriteOpening(take, record.Chunks, record.Head, opening, _segment.End)));
            }

            if (record.Memory.IsEmpty)
            {
                continue;
            }

            if (record.Type == RecordType.Chunk)
            {
                var bodyLength = record.Memory.Length - RecordFrame.HeaderSize;
                take.Places.Move((int)record.Chunks, Place(take, _segment.End, bodyLength));
                _batch.Note(take, record.Chunks + 1);
            }

            // The frame alone changes: it binds the record to its segment and place.
            RecordFrame.Finish(record.Memory.Span, record.Type, _segment.Id, _segment.End);
            WriteNow(record.Memory.Span);
        }

        Publish();
    }

    private void WriteNow(ReadOnlySpan<byte> record)
    {
        try
        {
            _segment.File.Write(record, _segment.End);
        }
        catch (StoreException e)
        {
            _segment.Volume.Fence(e);
            throw;
        }

        _segment.End += record.Length;
        _batch.NoteWritten(_segment, record.Length);
    }

    // On the writer's own volume where that is healthy, else on the next one that is. Full ones are asked until one has
    // space again: nothing is lost meanwhile but what producers, whose memory fills up, refuse and count.
    private JournalSegment? NextSegment()
    {
        while (true)
        {
            var full = false;
            foreach (var volume in _journal.VolumesFrom(_home).Where(static volume => !volume.IsFenced))
            {
                try
                {
                    return _factory.Take(volume);
                }
                catch (StoreException e) when (e.IsOutOfSpace)
                {
                    full = true;
                }
                catch (StoreException e)
                {
                    volume.Fence(e);
                }
            }

            if (!full || _journal.IsStopping)
            {
                return null;
            }

            _commits.WaitForNews(SpacePoll);
        }
    }

    private static StoreException NoSpaceLeft() =>
        new("the journal was closed while its volumes were full") { IsOutOfSpace = true };

    private void End(StoreException error)
    {
        Failure = error;
        _batch.Fail(error);
    }
}
