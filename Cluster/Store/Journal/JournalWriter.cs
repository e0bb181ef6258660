using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Talreg.Evidence.Chunks;
using Talreg.Evidence.Json;

namespace Talreg.Store.Journal;

/// <summary>
/// The writer thread of a volume: takes chunks and commands in, seals and frames them in one pinned buffer, and writes that
/// at the segment's end. Everything it touches is its own, except what the commit thread publishes.
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private const int BufferSize = 2 * RecordFrame.MaxBody;
    private const int MarkSize = RecordFrame.HeaderSize + 8;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly ConcurrentQueue<JournalCommand> _commands = new();
    private readonly List<JournalCommand> _closing = [];
    private readonly CommitBatch _batch = new();
    private readonly JournalVolume _volume;
    private readonly SegmentFactory _factory;
    private readonly CommitThread _commits;
    private readonly JournalProducer.ChunkSink _sink;
    private readonly Thread _thread;
    private readonly Lock _producersGate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JournalProducer[] _producers = [];
    private JournalSegment _segment;
    private int _used;
    private int _stopping;

    internal JournalWriter(JournalVolume volume, JournalSegment first, SegmentFactory factory)
    {
        _volume = volume;
        _segment = first;
        _factory = factory;
        _sink = WriteChunk;
        _commits = new CommitThread("journal commit", volume.Options.CommitInterval, Confirmed, volume.Fence);
        _thread = new Thread(Run) { Name = "journal writer", IsBackground = true };
    }

    internal void Start() => _thread.Start();

    internal void Wake() => _wake.Set();

    internal void Add(JournalProducer producer)
    {
        lock (_producersGate)
        {
            Volatile.Write(ref _producers, [.. _producers, producer]);
        }
    }

    internal void Enqueue(JournalCommand command)
    {
        _volume.ThrowIfFenced();
        if (_commands.Count >= JournalVolume.MaxCommands || Volatile.Read(ref _stopping) != 0)
        {
            throw new StoreException("the journal takes no more commands: it is overloaded or closing");
        }

        _commands.Enqueue(command);
        _wake.Set();
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _stopping, 1);
        _wake.Set();
        await _ended.Task.ConfigureAwait(false);
        _commits.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        var stopping = false;
        while (!stopping)
        {
            _wake.WaitOne();
            stopping = Volatile.Read(ref _stopping) != 0;
            try
            {
                Turn();
            }
            catch (StoreException e)
            {
                _volume.Fence(e);
                FailAll(e);
            }
        }

        foreach (var close in _closing)
        {
            close.Complete(new StoreException("the journal was closed before the take's chunks were flushed"));
        }

        _commits.Stop();
        _ended.SetResult();
    }

    private void Turn()
    {
        WriteMark();
        RunCommands();
        DrainProducers();
        RunClosings();
        Write();
        if (_segment.End > _segment.Size / 2 && !_volume.IsFenced)
        {
            _factory.Prepare();
        }
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out var command))
        {
            if (_volume.IsFenced)
            {
                command.Complete(new StoreException("the volume is fenced"));
            }
            else if (command.Kind == JournalCommandKind.Close)
            {
                _closing.Add(command);
            }
            else
            {
                Ready(command.Take, RecordFrame.HeaderSize + 16 + command.Payload.Length);
                if (command.Kind == JournalCommandKind.Event)
                {
                    WriteEvent(command);
                }

                _batch.NoteCompletion(command.Complete);
            }
        }
    }

    private void DrainProducers()
    {
        foreach (var producer in Volatile.Read(ref _producers))
        {
            if (producer.Drain(_sink))
            {
                lock (_producersGate)
                {
                    Volatile.Write(ref _producers, [.. _producers.Where(p => p != producer)]);
                }
            }
        }
    }

    private void RunClosings()
    {
        for (var i = _closing.Count - 1; i >= 0; i--)
        {
            var close = _closing[i];
            if (_volume.IsFenced)
            {
                close.Complete(new StoreException("the volume is fenced"));
            }
            else if (close.Take.Writing.Taken >= close.Appended)
            {
                WriteClose(close);
            }
            else
            {
                continue;
            }

            _closing.RemoveAt(i);
        }
    }

    private void WriteChunk(long handle, in ChunkFacts facts, ReadOnlySpan<byte> plainText)
    {
        var take = _volume.Find(handle);
        if (take is null || take.Writing.Closed || _volume.IsFenced)
        {
            return;
        }

        var length = ChunkHeader.Size + plainText.Length + ChunkHeader.TagSize;
        Ready(take, RecordFrame.HeaderSize + length);
        var writing = take.Writing;
        var sealer = writing.Sealer!;
        var offset = _segment.End + _used + RecordFrame.HeaderSize;
        sealer.Seal(facts, plainText, _buffer.AsSpan(_used + RecordFrame.HeaderSize, length));
        Finish(RecordType.Chunk, length);
        take.Places.Add(new ChunkPlace(writing.SegmentNumber, (uint)offset, length));
        writing.Taken++;
        _batch.Note(take, sealer.Chunks);
        _batch.AcceptedBytes += JournalProducer.RecordSize(plainText.Length);
    }

    private void WriteEvent(JournalCommand command)
    {
        var body = Body(16 + command.Payload.Length);
        command.Take.Identity.TakeId.TryWriteBytes(body, bigEndian: true, out _);
        command.Payload.CopyTo(body[16..]);
        Finish(RecordType.TakeEvent, body.Length);
    }

    private void WriteClose(JournalCommand command)
    {
        var take = command.Take;
        Ready(take, RecordFrame.HeaderSize + ClosedRecord.Size);
        var sealer = take.Writing.Sealer!;
        ClosedRecord.Write(
            Body(ClosedRecord.Size), take.Identity.TakeId, sealer.Chunks, sealer.ChainHead, command.At, command.Reason);
        Finish(RecordType.TakeClosed, ClosedRecord.Size);
        command.SetClosed(sealer.Chunks, sealer.ChainHead);
        _batch.NoteCompletion(command.Complete);
        take.Writing.Closed = true;
        take.Writing.Sealer = null;
        sealer.Dispose();
    }

    // Says how far syncs reached, so that a reader can tell a torn tail from damage. It needs no sync of its own.
    private void WriteMark()
    {
        var committed = _segment.Committed;
        if (committed <= _segment.Marked || _segment.End + _used + MarkSize > _segment.Size || _volume.IsFenced)
        {
            return;
        }

        BinaryPrimitives.WriteInt64BigEndian(Body(8), committed);
        Finish(RecordType.CommitMark, 8);
        _segment.Marked = committed;
    }

    // Makes room for a record of a take, in a segment in which the take is open.
    private void Ready(JournalTake take, int length)
    {
        Reserve(length + OpeningSize(take, carried: true));
        var writing = take.Writing;
        if (writing.Segment == _segment)
        {
            return;
        }

        writing.SegmentNumber = take.AddSegment(_segment);
        writing.Segment = _segment;
        var carried = writing.Sealer is not null;
        writing.Sealer ??= new TakeSealer(take.Identity, take.Key, _volume.Incarnation, _volume.BootId);

        Span<byte> nonce = stackalloc byte[12];
        Span<byte> wrapped = stackalloc byte[TakeRecord.WrappedSize];
        RandomNumberGenerator.Fill(nonce);
        TakeRecord.WrapKey(_segment.Key, take.Identity.TakeId, _segment.Id, take.Key, nonce, wrapped);
        var facts = SealedJson.Seal(take.Key, take.Identity.TakeId, take.Facts);
        var body = Body(TakeRecord.Size(carried, facts.Length));
        TakeRecord.Write(
            body, take.Identity, carried ? writing.Sealer.Chunks : null, writing.Sealer.ChainHead, wrapped, facts);
        Finish(carried ? RecordType.TakeCarried : RecordType.TakeOpened, body.Length);
    }

    private static int OpeningSize(JournalTake take, bool carried) =>
        RecordFrame.HeaderSize + TakeRecord.Size(carried, SealedJson.Overhead + take.Facts.Length);

    private void Reserve(int length)
    {
        if (_segment.End + _used + length > _segment.Size)
        {
            Write();
            RollOver();
            if (_segment.End + length > _segment.Size)
            {
                throw new StoreException($"{_segment.Path}: a segment is too small for one record");
            }
        }

        if (_used + length > BufferSize)
        {
            Write();
        }
    }

    private void RollOver()
    {
        var next = _factory.Take();
        var last = _segment;
        _segment = next;
        _volume.Rolled(last, next);
    }

    private Span<byte> Body(int length) => _buffer.AsSpan(_used + RecordFrame.HeaderSize, length);

    private void Finish(RecordType type, int bodyLength)
    {
        var record = _buffer.AsSpan(_used, RecordFrame.HeaderSize + bodyLength);
        RecordFrame.Finish(record, type, _segment.Id, _segment.End + _used);
        _used += record.Length;
    }

    private void Write()
    {
        if (_used > 0)
        {
            _segment.File.Write(_buffer.AsSpan(0, _used), _segment.End);
            _segment.End += _used;
            if (!_batch.IsEmpty)
            {
                _batch.NoteWritten(_segment, _used);
            }

            _used = 0;
        }

        if (!_batch.IsEmpty)
        {
            _commits.Publish(_batch);
        }
    }

    private void FailAll(StoreException error)
    {
        _used = 0;
        _batch.Fail(error);
        _batch.Clear(_batch.Number + 1);
        RunCommands();
        RunClosings();
    }

    private void Confirmed(CommitBatch batch)
    {
        _volume.CountCommitted(batch);
        _wake.Set();
    }
}
