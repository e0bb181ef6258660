namespace Talreg.Store.Keys;

/// <summary>What a stored key is for. The numbers are those of FORMAT.md §7.</summary>
public enum KeyKind : byte
{
    /// <summary>A take key; id: the take. Destroying it is erasure.</summary>
    Take = 1,

    /// <summary>The key of a journal segment; id: the segment. Tenant: empty.</summary>
    Segment = 2,

    /// <summary>A ledger's signing key (32 byte seed); id: chosen by the ledger.</summary>
    LedgerSigning = 3,
}

/// <summary>What the store knows of an id.</summary>
public enum KeyState
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>The key is there.</summary>
    Live,

    /// <summary>The key was destroyed and can never be put again.</summary>
    Destroyed,
}

/// <summary>
/// The small mutable store of wrapped keys, never beside the ciphertext. Any thread. Keys are 32 bytes; the caller owns
/// and clears its copies.
/// </summary>
public interface IKeyStore
{
    /// <summary>Keeps a key; on completion it is on stable storage. The same key again changes nothing.</summary>
    /// <param name="kind">What it is for.</param>
    /// <param name="id">Its id within the kind.</param>
    /// <param name="tenant">The tenant under whose key it is wrapped; empty for segments.</param>
    /// <param name="key">The 32 bytes; must stay unchanged until completion.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <exception cref="StoreException">The device failed, the id was destroyed, or it holds another key.</exception>
    ValueTask PutAsync(
        KeyKind kind,
        Guid id,
        string tenant,
        ReadOnlyMemory<byte> key,
        CancellationToken cancellationToken = default);

    /// <summary>Copies a key out.</summary>
    /// <returns>False when there is none, or it was destroyed.</returns>
    /// <exception cref="StoreException">The stored key does not unwrap: another root key, another tenant, or damage.</exception>
    bool TryGet(KeyKind kind, Guid id, string tenant, Span<byte> key);

    /// <summary>Whether a key is there, was destroyed, or was never seen.</summary>
    KeyState Find(KeyKind kind, Guid id);

    /// <summary>The ids of a kind whose keys are there or were destroyed.</summary>
    IReadOnlyList<Guid> List(KeyKind kind);

    /// <summary>Overwrites a key for good; on completion that is on stable storage. Unknown ids are ignored.</summary>
    /// <exception cref="StoreException">The device failed: the key must be taken as still readable.</exception>
    ValueTask DestroyAsync(KeyKind kind, Guid id, CancellationToken cancellationToken = default);

    /// <summary>Nobody will ask for a destroyed key again: its place may serve another. Others are left alone.</summary>
    void Forget(KeyKind kind, Guid id);
}
