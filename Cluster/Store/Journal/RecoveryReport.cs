using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

/// <summary>What a start found in the journal. Nothing in it is guessed: every chunk passed its check and chains.</summary>
public sealed record RecoveryReport
{
    /// <summary>Takes that are not sealed yet, in the order they were opened.</summary>
    public IReadOnlyList<RecoveredTake> Takes { get; init; } = [];

    /// <summary>Takes that are recordings, and that nobody has released: the process may have died before ledger and call knew.
    /// Whoever seals finds out, tells them if need be, and releases the take.</summary>
    public IReadOnlyList<RecoveredTake> Recorded { get; init; } = [];

    /// <summary>Takes of which chunks were found, but not the record that opens them: it is damaged, and the key with it.</summary>
    public IReadOnlyList<UnopenedTake> Unopened { get; init; } = [];

    /// <summary>Segments that are damaged within their committed part; renamed, kept, never released by themselves.</summary>
    public IReadOnlyList<QuarantinedSegment> Quarantined { get; init; } = [];

    /// <summary>Bytes behind the last good record that were never confirmed by a sync.</summary>
    public long TornBytes { get; init; }

    /// <summary>Chunks of <see cref="Takes"/> that are in order.</summary>
    public long Chunks { get; init; }
}

/// <summary>A take that cannot be opened any more. Its segments are kept.</summary>
/// <param name="TakeId">Which take.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Chunks">Chunks of it that were found.</param>
public sealed record UnopenedTake(Guid TakeId, string Tenant, long Chunks);

/// <summary>A damaged segment. What holds before and behind the damage was used.</summary>
/// <param name="Path">Where it lies now.</param>
/// <param name="Offset">Where the damage begins, in bytes.</param>
/// <param name="Reason">What is wrong there.</param>
public sealed record QuarantinedSegment(string Path, long Offset, string Reason);

/// <summary>A take an earlier process left in the journal.</summary>
public sealed record RecoveredTake
{
    /// <summary>The take, as sealing needs it.</summary>
    public required JournalTake Take { get; init; }

    /// <summary>How it was closed; null when the process died with the take open. Then <see cref="CloseAs"/> it.</summary>
    public required ClosedTake? Closed { get; init; }

    /// <summary>Chunks that are in order.</summary>
    public required ulong Chunks { get; init; }

    /// <summary>The chain's head after them, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> ChainHead { get; init; }

    /// <summary>Events of the take, in order, as canonical JSON.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Events { get; init; }

    /// <summary>Facts of the last chunk; null when there is none. Its times tell where the recording stops.</summary>
    public required ChunkFacts? LastChunk { get; init; }

    /// <summary>What is not as it should be; null when all is well.</summary>
    public string? Damage { get; init; }

    /// <summary>Closes a take that its process left open. Nothing is written: until it is sealed, each start finds it.</summary>
    public ClosedTake CloseAs(byte reason, DateTimeOffset at) =>
        Closed ?? new ClosedTake(Take.Identity, Chunks, ChainHead, at, reason);
}
