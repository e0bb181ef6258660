using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

internal enum JournalCommandKind
{
    Open,
    Event,
    Close,
}

/// <summary>What other threads ask of the writer thread.</summary>
internal sealed class JournalCommand(JournalTake take, JournalCommandKind kind)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal JournalTake Take { get; } = take;

    internal JournalCommandKind Kind { get; } = kind;

    internal byte[] Payload { get; init; } = [];

    internal byte Reason { get; init; }

    internal DateTimeOffset At { get; init; }

    /// <summary>Chunks that must be written before the take is closed.</summary>
    internal long Appended { get; init; }

    internal ClosedTake? Closed { get; private set; }

    /// <summary>Completes when the record is durable; fails when that cannot be said.</summary>
    internal Task Done => _done.Task;

    internal void SetClosed(ulong chunks, ReadOnlySpan<byte> head) =>
        Closed = new ClosedTake(Take.Identity, chunks, head[..ChunkHash.Size].ToArray(), At, Reason);

    internal void Complete(StoreException? error)
    {
        if (error is null)
        {
            _done.TrySetResult();
        }
        else if (Kind != JournalCommandKind.Open)
        {
            // Nobody waits for an opening: its failure shows as the fence.
            _done.TrySetException(new StoreException(error.Message, error));
        }
    }
}
