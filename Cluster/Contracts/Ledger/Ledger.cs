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

/// <summary>What a verifier needs to check one leaf against a checkpoint.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.LedgerProof")]
public sealed record LedgerProof(
    [property: Id(0)] long Leaf,
    [property: Id(1)] long TreeSize,
    [property: Id(2)] byte[] Entry,
    [property: Id(3)] byte[] Salt,
    [property: Id(4)] byte[] Body,
    [property: Id(5)] IReadOnlyList<byte[]> Path,
    [property: Id(6)] string Checkpoint);

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

    /// <summary>Proves a leaf against the newest checkpoint.</summary>
    /// <exception cref="RefusalException">No such leaf.</exception>
    [Alias("Prove")]
    Task<LedgerProof> ProveAsync(long leaf);

    /// <summary>Leaves in order from <paramref name="from"/> on, at most 256; none at the end.</summary>
    [Alias("Read")]
    Task<IReadOnlyList<LedgerRecord>> ReadAsync(long from);

    /// <summary>Signs a bundle's manifest as a note with the log's key.</summary>
    [Alias("SignManifest")]
    Task<string> SignManifestAsync(string text);
}
