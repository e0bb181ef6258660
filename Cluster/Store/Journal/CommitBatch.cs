namespace Talreg.Store.Journal;

/// <summary>What one sync confirms. Built by the writer thread, then handed to the sync thread whole.</summary>
internal sealed class CommitBatch
{
    private readonly List<Progress> _progress = [];
    private readonly List<Action<StoreException?>> _completions = [];
    private readonly List<(JournalSegment Segment, long End)> _segments = [];

    /// <summary>Distinguishes batches, so that a take finds its own line in the current one.</summary>
    internal long Number { get; private set; }

    /// <summary>Bytes accepted from producers that this batch settles.</summary>
    internal long AcceptedBytes { get; set; }

    /// <summary>Bytes written to files.</summary>
    internal long WrittenBytes { get; private set; }

    /// <summary>How far the writer's records reach; see <see cref="UnconfirmedRecords.Position"/>.</summary>
    internal long Position { get; set; }

    internal bool IsEmpty =>
        _progress.Count == 0 && _completions.Count == 0 && _segments.Count == 0 && AcceptedBytes == 0;

    internal IReadOnlyList<(JournalSegment Segment, long End)> Segments => _segments;

    internal void Note(JournalTake take, ulong chunks)
    {
        var writing = take.Writing;
        if (writing.Batch == Number)
        {
            _progress[writing.BatchPlace] = new Progress(take, chunks);
            return;
        }

        writing.Batch = Number;
        writing.BatchPlace = _progress.Count;
        _progress.Add(new Progress(take, chunks));
    }

    internal void NoteWritten(JournalSegment segment, int bytes)
    {
        WrittenBytes += bytes;
        if (_segments.Count > 0 && _segments[^1].Segment == segment)
        {
            _segments[^1] = (segment, segment.End);
        }
        else
        {
            _segments.Add((segment, segment.End));
        }
    }

    /// <summary>Calls back with null once confirmed, or with the failure.</summary>
    internal void NoteCompletion(Action<StoreException?> completion) => _completions.Add(completion);

    /// <summary>Takes over what another batch holds; that one starts over.</summary>
    internal void Absorb(CommitBatch other)
    {
        _progress.AddRange(other._progress);
        _segments.AddRange(other._segments);
        WrittenBytes += other.WrittenBytes;
        Position = other.Position;
        AbsorbWaiting(other);
    }

    /// <summary>Takes over who waits for another batch, whose writes count for nothing; that one starts over.</summary>
    internal void AbsorbWaiting(CommitBatch other)
    {
        _completions.AddRange(other._completions);
        AcceptedBytes += other.AcceptedBytes;
        other._completions.Clear();
        other.AcceptedBytes = 0;
        other.ForgetWrites();
    }

    /// <summary>What was written counts for nothing: it is about to be written again. Who waits goes on waiting.</summary>
    internal void ForgetWrites()
    {
        _progress.Clear();
        _segments.Clear();
        WrittenBytes = 0;
        Number++;
    }

    internal void Confirm()
    {
        foreach (var (segment, end) in _segments)
        {
            segment.Confirm(end);
        }

        foreach (var progress in _progress)
        {
            progress.Take.Commit(progress.Chunks);
        }

        foreach (var completion in _completions)
        {
            completion(null);
        }
    }

    /// <summary>Fails who waits; the batch starts over.</summary>
    internal void Fail(StoreException error)
    {
        foreach (var completion in _completions)
        {
            completion(error);
        }

        Clear();
    }

    internal void Clear()
    {
        _completions.Clear();
        AcceptedBytes = 0;
        ForgetWrites();
    }

    private readonly record struct Progress(JournalTake Take, ulong Chunks);
}
