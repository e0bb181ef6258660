namespace Talreg.Contracts.Ledger;

/// <summary>What a leaf is about. The numbers are those of FORMAT.md §6.</summary>
public enum LedgerEventKind
{
    /// <summary>A take became a recording.</summary>
    Seal = 1,

    /// <summary>Something that should have been recorded is missing.</summary>
    Gap = 2,

    /// <summary>Somebody listened or took a copy.</summary>
    Listen = 3,

    /// <summary>A policy was drafted or activated.</summary>
    Policy = 4,

    /// <summary>A call was decided and leaves no take.</summary>
    Decision = 5,

    /// <summary>A gateway began on an interface under a new epoch.</summary>
    Start = 6,

    /// <summary>The log is kept: one a minute, so that a time without entries is a time without a recorder.</summary>
    Heartbeat = 7,

    /// <summary>Somebody tried wrong tokens until their address was blocked.</summary>
    LoginFailures = 8,

    /// <summary>Somebody took a copy of a search's result.</summary>
    SearchExport = 9,

    /// <summary>A key was taken into use.</summary>
    Key = 10,
}

/// <summary>An event for the ledger.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Key">
/// Idempotency key: an event offered again with the key of one of the last 100,000 gets the first one's receipt.
/// </param>
/// <param name="At">When it happened.</param>
/// <param name="Body">Canonical JSON, at most 60 KiB (FORMAT.md §6).</param>
[GenerateSerializer, Immutable, Alias("Talreg.LedgerEvent")]
public sealed record LedgerEvent(
    [property: Id(0)] LedgerEventKind Kind,
    [property: Id(1)] string Key,
    [property: Id(2)] DateTimeOffset At,
    [property: Id(3)] byte[] Body);

/// <summary>Where an event stands.</summary>
/// <param name="Leaf">Index of its leaf.</param>
/// <param name="CheckpointSize">Size of the first signed checkpoint that covers it.</param>
[GenerateSerializer, Immutable, Alias("Talreg.LedgerReceipt")]
public sealed record LedgerReceipt([property: Id(0)] long Leaf, [property: Id(1)] long CheckpointSize);

/// <summary>What a verifier needs to check one leaf against a checkpoint; with the checkpoint's RFC 3161 token, where it has one.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.LedgerProof")]
public sealed record LedgerProof(
    [property: Id(0)] long Leaf,
    [property: Id(1)] long TreeSize,
    [property: Id(2)] byte[] Entry,
    [property: Id(3)] byte[] Salt,
    [property: Id(4)] byte[] Body,
    [property: Id(5)] IReadOnlyList<byte[]> Path,
    [property: Id(6)] string Checkpoint,
    [property: Id(7)] byte[]? Timestamp);

/// <summary>A leaf with what it commits to.</summary>
/// <param name="Leaf">Its index.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Receipt">What the append was answered.</param>
/// <param name="Body">Canonical JSON (FORMAT.md §6).</param>
[GenerateSerializer, Immutable, Alias("Talreg.LedgerRecord")]
public sealed record LedgerRecord(
    [property: Id(0)] long Leaf,
    [property: Id(1)] LedgerEventKind Kind,
    [property: Id(2)] LedgerReceipt Receipt,
    [property: Id(3)] byte[] Body);

/// <summary>What asking the witnesses came to.</summary>
/// <param name="Size">Size of the checkpoint they were asked about.</param>
/// <param name="Quorum">Cosignatures that are wanted; 0 where no witness is configured.</param>
/// <param name="Cosigned">Names of those who cosigned.</param>
/// <param name="Missing">Who did not, and why.</param>
/// <param name="CosignedSize">Size of the newest checkpoint with a quorum; 0 before the first.</param>
[GenerateSerializer, Immutable, Alias("Talreg.WitnessRound")]
public sealed record WitnessRound(
    [property: Id(0)] long Size,
    [property: Id(1)] int Quorum,
    [property: Id(2)] IReadOnlyList<string> Cosigned,
    [property: Id(3)] IReadOnlyList<MissingWitness> Missing,
    [property: Id(4)] long CosignedSize)
{
    /// <summary>True when as many cosigned as are wanted.</summary>
    public bool HasQuorum => Cosigned.Count >= Quorum;
}

/// <summary>A witness that did not cosign.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Why, in words.</param>
[GenerateSerializer, Immutable, Alias("Talreg.MissingWitness")]
public sealed record MissingWitness([property: Id(0)] string Name, [property: Id(1)] string Reason);

/// <summary>The ledger of a tenant. Key: the tenant.</summary>
[Alias("Talreg.ILedgerGrain")]
public interface ILedgerGrain : IGrainWithStringKey
{
    /// <summary>Appends; completes when the leaf is on stable storage and a signed checkpoint covers it.</summary>
    [Alias("Append")]
    Task<LedgerReceipt> AppendAsync(LedgerEvent @event);

    /// <summary>The newest checkpoint, a signed note.</summary>
    [Alias("GetCheckpoint")]
    Task<string> GetCheckpointAsync();

    /// <summary>The log's verifier key: <c>name+keyid+base64</c>.</summary>
    [Alias("GetVerifierKey")]
    Task<string> GetVerifierKeyAsync();

    /// <summary>Proves a leaf; see <see cref="ProveAllAsync"/>.</summary>
    /// <exception cref="RefusalException">No such leaf.</exception>
    [Alias("Prove")]
    Task<LedgerProof> ProveAsync(long leaf);

    /// <summary>
    /// Proves leaves, all against one checkpoint: the newest with a timestamp where it covers them all, else the newest that a quorum
    /// of witnesses has cosigned, else the newest.
    /// </summary>
    /// <param name="leaves">1 to 256 of them.</param>
    /// <exception cref="RefusalException">No such leaf.</exception>
    [Alias("ProveAll")]
    Task<IReadOnlyList<LedgerProof>> ProveAllAsync(IReadOnlyList<long> leaves);

    /// <summary>Asks the witnesses to cosign the newest checkpoint. A round that is under way is waited for, not begun twice.</summary>
    [Alias("Cosign")]
    Task<WitnessRound> CosignAsync();

    /// <summary>Has the newest checkpoint with a quorum (the newest, where no witness is configured) time-stamped.</summary>
    /// <returns>Its size; null when no authority is configured, or nothing is new since the last timestamp.</returns>
    /// <exception cref="RefusalException">The authority gave no timestamp that can be used.</exception>
    [Alias("Timestamp")]
    Task<long?> TimestampAsync();

    /// <summary>Leaves in order from <paramref name="from"/> on, at most 256; none at the end.</summary>
    [Alias("Read")]
    Task<IReadOnlyList<LedgerRecord>> ReadAsync(long from);

    /// <summary>Signs a bundle's manifest as a note with the log's key.</summary>
    [Alias("SignManifest")]
    Task<string> SignManifestAsync(string text);
}
