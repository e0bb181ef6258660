namespace Talreg.Store.Journal;

/// <summary>How a volume is laid out and committed.</summary>
public sealed record JournalOptions
{
    /// <summary>The volume's folder; segments lie in its <c>journal</c> folder, which is made when missing.</summary>
    public required string Directory { get; init; }

    /// <summary>The folder that holds <c>recordings</c>; null: the volume's. A start looks there for takes that are sealed
    /// already.</summary>
    public string? RecordingsDirectory { get; init; }

    /// <summary>Size of a segment, in bytes: 64 KiB to 4 GiB.</summary>
    public long SegmentBytes { get; init; } = 1L << 30;

    /// <summary>The shortest time between two syncs. Every take shares them.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How much one producer may have under way, in bytes; beyond it appends are refused.</summary>
    public int ProducerBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>This start of this process: 16 random bytes. Tests fix it; nobody else may.</summary>
    public Guid? Incarnation { get; init; }

    /// <summary>The boot whose monotonic clock is meant; null reads the kernel's.</summary>
    public Guid? BootId { get; init; }
}

/// <summary>How a volume is doing. A snapshot.</summary>
/// <param name="CommittedBytes">Bytes confirmed by a sync since the volume was opened.</param>
/// <param name="BacklogBytes">Bytes accepted from producers and not yet confirmed.</param>
/// <param name="FreeBytes">Free space of the file system, in bytes; -1 when it cannot be asked.</param>
/// <param name="TotalBytes">Size of the file system, in bytes; -1 when it cannot be asked.</param>
/// <param name="Segments">Segment files on the volume.</param>
/// <param name="Fenced">True once a write or a sync failed: nothing is accepted any more.</param>
/// <param name="FenceReason">What failed, for an operator; null while all is well.</param>
public sealed record VolumeHealth(
    long CommittedBytes,
    long BacklogBytes,
    long FreeBytes,
    long TotalBytes,
    int Segments,
    bool Fenced,
    string? FenceReason);

/// <summary>A volume was fenced.</summary>
/// <param name="reason">What failed, for an operator.</param>
public sealed class VolumeFencedEventArgs(string reason) : EventArgs
{
    /// <summary>What failed, for an operator.</summary>
    public string Reason { get; } = reason;
}

/// <summary>A take all of whose chunks are on stable storage.</summary>
/// <param name="Identity">Which take.</param>
/// <param name="Chunks">How many chunks it has.</param>
/// <param name="ChainHead">The chain's head after the last, 32 bytes.</param>
/// <param name="ClosedAt">When it was closed.</param>
/// <param name="Reason">Why it ended: the number of the journal's type 4 record.</param>
public sealed record ClosedTake(
    Talreg.Evidence.Chunks.TakeIdentity Identity,
    ulong Chunks,
    ReadOnlyMemory<byte> ChainHead,
    DateTimeOffset ClosedAt,
    byte Reason);
