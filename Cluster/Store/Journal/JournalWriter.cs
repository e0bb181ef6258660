using System.Collections.Concurrent;
using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

/// <summary>
/// A writer thread: takes chunks and commands in, and has them sealed, framed and written at its tail. There is one per
/// volume; a take stays with its writer for life, also when the writer must go on on another volume.
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly ConcurrentQueue<JournalCommand> _commands = new();
    private readonly List<JournalCommand> _closing = [];
    private readonly TakeJournal _journal;
    private readonly CommitThread _commits;
    private readonly JournalTail _tail;
    private readonly SegmentFactory _factory;
    private readonly JournalProducer.ChunkSink _sink;
    private readonly Thread _thread;
    private readonly Lock _lanesGate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProducerLane[] _lanes = [];
    private int _stopping;

    /// <summary>Makes a writer; <see cref="Start"/> starts its thread.</summary>
    internal JournalWriter(TakeJournal journal, int number, JournalSegment first, SegmentFactory factory)
    {
        _journal = journal;
        Number = number;
        Home = first.Volume;
        _factory = factory;
        _sink = WriteChunk;
        _commits = new CommitThread(
            $"journal commit {number}", journal.Options.CommitInterval, Confirmed, () => _wake.Set());
        _tail = new JournalTail(journal, first, factory, _commits);
        _thread = new Thread(Run) { Name = $"journal writer {number}", IsBackground = true };
    }

    /// <summary>Which of the journal's writers it is, from 0.</summary>
    internal int Number { get; }

    /// <summary>The volume it writes to while that is healthy.</summary>
    internal JournalVolume Home { get; }

    internal void Start() => _thread.Start();

    internal void Wake() => _wake.Set();

    internal void Add(ProducerLane lane)
    {
        lock (_lanesGate)
        {
            Volatile.Write(ref _lanes, [.. _lanes, lane]);
        }
    }

    internal void Enqueue(JournalCommand command)
    {
        _journal.ThrowIfFenced();
        if (_commands.Count >= TakeJournal.MaxCommands || Volatile.Read(ref _stopping) != 0)
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
        await _factory.DisposeAsync().ConfigureAwait(false);
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
            Turn();
        }

        foreach (var close in _closing)
        {
            close.Complete(new StoreException("the journal was closed before the take's chunks were flushed"));
        }

        _tail.Complete();
        _commits.Stop();
        _ended.SetResult();
    }

    private void Turn()
    {
        _tail.Settle();
        _tail.WriteMark();
        RunCommands();
        DrainLanes();
        RunClosings();
        _tail.Write();
        _tail.PrepareNext();
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out var command))
        {
            if (command.Kind == JournalCommandKind.Close)
            {
                _closing.Add(command);
            }
            else if (command.Take.Writing.Closed)
            {
                // An event on its way while the take was closed: who closed it knew of it, and the seal says it.
                command.Complete(null);
            }
            else if (!_tail.TryReady(command.Take, 16 + command.Payload.Length))
            {
                command.Complete(_tail.Failure);
            }
            else
            {
                if (command.Kind == JournalCommandKind.Event)
                {
                    WriteEvent(command);
                }
                else
                {
                    _tail.KeepOpening(command.Take);
                }

                _tail.NoteCompletion(command.Complete);
            }
        }
    }

    private void DrainLanes()
    {
        foreach (var lane in Volatile.Read(ref _lanes))
        {
            if (lane.Drain(_sink))
            {
                lock (_lanesGate)
                {
                    Volatile.Write(ref _lanes, [.. _lanes.Where(other => other != lane)]);
                }
            }
        }
    }

    private void RunClosings()
    {
        for (var i = _closing.Count - 1; i >= 0; i--)
        {
            var close = _closing[i];
            if (_tail.Failure is { } failure)
            {
                close.Complete(failure);
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
        var take = _journal.Find(handle);
        if (take is null || take.Writing.Closed)
        {
            return;
        }

        var length = ChunkHeader.Size + plainText.Length + ChunkHeader.TagSize;
        if (!_tail.TryReady(take, length))
        {
            return;
        }

        var sealer = take.Writing.Sealer!;
        var chunks = sealer.Chunks;
        var head = new ChunkHash(sealer.ChainHead);
        sealer.Seal(facts, plainText, _tail.Body(length));
        _tail.Append(take, RecordType.Chunk, length, chunks, head);
        take.Writing.Taken++;
    }

    private void WriteEvent(JournalCommand command)
    {
        var body = _tail.Body(16 + command.Payload.Length);
        command.Take.Identity.TakeId.TryWriteBytes(body, bigEndian: true, out _);
        command.Payload.CopyTo(body[16..]);
        Append(command.Take, RecordType.TakeEvent, body.Length);
    }

    private void WriteClose(JournalCommand command)
    {
        var take = command.Take;
        if (!_tail.TryReady(take, ClosedRecord.Size))
        {
            command.Complete(_tail.Failure);
            return;
        }

        var sealer = take.Writing.Sealer!;
        ClosedRecord.Write(
            _tail.Body(ClosedRecord.Size),
            take.Identity.TakeId,
            sealer.Chunks,
            sealer.ChainHead,
            command.At,
            command.Reason);
        Append(take, RecordType.TakeClosed, ClosedRecord.Size);
        command.SetClosed(sealer.Chunks, sealer.ChainHead);
        _tail.NoteCompletion(command.Complete);
        take.Writing.Closed = true;
        take.Writing.Sealer = null;
        sealer.Dispose();
    }

    private void Append(JournalTake take, RecordType type, int bodyLength)
    {
        var sealer = take.Writing.Sealer!;
        _tail.Append(take, type, bodyLength, sealer.Chunks, new ChunkHash(sealer.ChainHead));
    }

    private void Confirmed(CommitBatch batch)
    {
        _journal.CountCommitted(batch);
        _wake.Set();
    }
}
