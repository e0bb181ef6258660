namespace Talreg.State;

/// <summary>Where the database lies and how much it may hold in memory.</summary>
public sealed record SqliteDatabaseOptions
{
    /// <summary>The database's file. SQLite puts <c>-wal</c> and <c>-shm</c> beside it.</summary>
    public required string Path { get; init; }

    /// <summary>Most writes that wait for the writer; the next caller waits for a place.</summary>
    public int MaxQueuedWrites { get; init; } = 8192;

    /// <summary>Most writes in one transaction. 1 turns group commit off.</summary>
    public int MaxWritesPerCommit { get; init; } = 1024;

    /// <summary>Most read connections; the next reader waits.</summary>
    public int MaxReaders { get; init; } = 4;
}
