namespace Talreg.Store.Journal;

/// <summary>How the journal is laid out and committed.</summary>
public sealed record JournalOptions
{
    /// <summary>The most volumes.</summary>
    public const int MaxVolumes = 16;

    /// <summary>The folders of the volumes, 1 to <see cref="MaxVolumes"/>, best on disks of their own; segments lie in
    /// their <c>journal</c> folders, which are made when missing. A volume that is taken out of the list keeps its takes
    /// from being recovered.</summary>
    public required IReadOnlyList<string> Volumes { get; init; }

    /// <summary>The folder that holds <c>recordings</c>; null: the first volume's. A start looks there for takes that are
    /// sealed already.</summary>
    public string? RecordingsDirectory { get; init; }

    /// <summary>Size of a segment, in bytes: 64 KiB to 4 GiB.</summary>
    public long SegmentBytes { get; init; } = 1L << 30;

    /// <summary>The shortest time between two syncs. Every take shares them.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How much one producer may have under way to one writer, in bytes; beyond it appends are refused.</summary>
    public int ProducerBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How much one writer keeps in memory until it is confirmed, in bytes, at least 4 MiB. It is used only while a
    /// disk lags: then this much, and what producers may have under way, is the time a disk may stall without loss.</summary>
    public long UnconfirmedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many segments' space each volume keeps in reserve, so that live takes go on when the disk is full.</summary>
    public int ReserveSegments { get; init; } = 1;

    /// <summary>Per cent of a file system in use from which its level is <see cref="SpaceLevel.Alarm"/>.</summary>
    public int AlarmPercent { get; init; } = 80;

    /// <summary>Per cent of a file system in use from which its level is <see cref="SpaceLevel.Refuse"/>.</summary>
    public int RefusePercent { get; init; } = 95;

    /// <summary>This start of this process: 16 random bytes. Tests fix it; nobody else may.</summary>
    public Guid? Incarnation { get; init; }

    /// <summary>The boot whose monotonic clock is meant; null reads the kernel's.</summary>
    public Guid? BootId { get; init; }
}

/// <summary>How the journal is doing. A snapshot.</summary>
/// <param name="CommittedBytes">Bytes confirmed by a sync since the journal was opened.</param>
/// <param name="BacklogBytes">Bytes accepted from producers and not yet confirmed.</param>
/// <param name="Segments">Segment files, on all volumes.</param>
/// <param name="Fenced">True once no volume is left: nothing is accepted any more.</param>
/// <param name="FenceReason">What failed last, for an operator; null while all is well.</param>
/// <param name="Level">How much room there is for takes: that of the emptiest volume not fenced, or of the recordings'
/// file system where that is fuller.</param>
/// <param name="UnrecoveredBytes">Length of the segments of earlier processes that are not read yet.</param>
/// <param name="Volumes">The volumes, in the order of the options.</param>
public sealed record JournalHealth(
    long CommittedBytes,
    long BacklogBytes,
    int Segments,
    bool Fenced,
    string? FenceReason,
    SpaceLevel Level,
    long UnrecoveredBytes,
    IReadOnlyList<VolumeHealth> Volumes);

/// <summary>How a volume is doing. A snapshot.</summary>
/// <param name="Directory">Its folder.</param>
/// <param name="FreeBytes">Free space of its file system, in bytes; -1 when it cannot be asked.</param>
/// <param name="TotalBytes">Size of its file system, in bytes; -1 when it cannot be asked.</param>
/// <param name="ReserveBytes">Space kept in reserve, in bytes; not part of the free space.</param>
/// <param name="Level">How full its file system is, the reserve counted as free.</param>
/// <param name="Fenced">True once a write or a sync failed: it is used no more by this process.</param>
/// <param name="FenceReason">What failed, for an operator; null while all is well.</param>
public sealed record VolumeHealth(
    string Directory,
    long FreeBytes,
    long TotalBytes,
    long ReserveBytes,
    SpaceLevel Level,
    bool Fenced,
    string? FenceReason);

/// <summary>A volume was fenced.</summary>
/// <param name="directory">Its folder.</param>
/// <param name="reason">What failed, for an operator.</param>
/// <param name="left">How many volumes are left.</param>
public sealed class VolumeFencedEventArgs(string directory, string reason, int left) : EventArgs
{
    /// <summary>The volume's folder.</summary>
    public string Directory { get; } = directory;

    /// <summary>What failed, for an operator.</summary>
    public string Reason { get; } = reason;

    /// <summary>How many volumes are left; with none, nothing is recorded any more.</summary>
    public int Left { get; } = left;
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
