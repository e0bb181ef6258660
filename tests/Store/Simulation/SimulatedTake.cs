using Talreg.Evidence.Chunks;
using Talreg.Store.Journal;

namespace Talreg.Store.Tests.Simulation;

/// <summary>A take of a simulated run: what was given, and what of it was acknowledged.</summary>
internal sealed class SimulatedTake(TakeIdentity identity, JournalTake take)
{
    internal const byte EndReason = 3;

    private int _events;
    private int _closed;
    private int _sealed;

    internal TakeIdentity Identity { get; } = identity;

    internal JournalTake Take { get; } = take;

    /// <summary>Chunks given.</summary>
    internal int Given { get; set; }

    /// <summary>What is acknowledged now. Any thread.</summary>
    internal Acknowledged Now => new(
        this,
        (long)Take.CommittedChunks,
        Volatile.Read(ref _events),
        Volatile.Read(ref _closed) != 0,
        Volatile.Read(ref _sealed) != 0);

    internal void NoteEvent() => Interlocked.Increment(ref _events);

    internal void NoteClosed() => Volatile.Write(ref _closed, 1);

    internal void NoteSealed() => Volatile.Write(ref _sealed, 1);

    /// <summary>The plain text of a chunk, by its 0-based number; its first frame's arrival time is that number.</summary>
    internal static byte[] Text(int number) => StoreFixture.Text(number, 60 + (number * 7919 % 1500));
}

/// <summary>What had been acknowledged of a take.</summary>
/// <param name="Take">The take.</param>
/// <param name="Chunks">Chunks.</param>
/// <param name="Events">Events.</param>
/// <param name="Closed">Its end.</param>
/// <param name="Sealed">Its recording.</param>
internal sealed record Acknowledged(SimulatedTake Take, long Chunks, int Events, bool Closed, bool Sealed);
