using System.Text;
using NSec.Cryptography;

namespace Talreg.Evidence.Ledger;

/// <summary>Signs checkpoints and manifests with a log's Ed25519 key (RFC 8032). Safe from any thread; dispose to wipe the key.</summary>
public sealed class LogSigner : IDisposable
{
    /// <summary>Bytes in a seed.</summary>
    public const int SeedLength = 32;

    private readonly Key _key;

    /// <summary>A signer from its seed.</summary>
    /// <param name="name">The log's name: no white space, no plus sign.</param>
    /// <param name="seed">32 bytes; copied, the caller wipes its own.</param>
    /// <exception cref="ArgumentException">The name or the seed is not of that form.</exception>
    public LogSigner(string name, ReadOnlySpan<byte> seed)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!KeyLine.IsName(name))
        {
            throw new ArgumentException("A log's name has no space, control character or plus sign.", nameof(name));
        }

        if (seed.Length != SeedLength)
        {
            throw new ArgumentException("An Ed25519 seed is 32 bytes.", nameof(seed));
        }

        _key = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        Verifier = new VerifierKey(name, _key.PublicKey);
    }

    /// <summary>The log's name.</summary>
    public string Name => Verifier.Name;

    /// <summary>The public half.</summary>
    public VerifierKey Verifier { get; }

    /// <summary>Signs a text as a note. Ed25519 is deterministic: the same text gives the same note.</summary>
    /// <exception cref="ArgumentException">The text does not end with a line end or holds other control characters.</exception>
    public string SignNote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var signature = SignatureAlgorithm.Ed25519.Sign(_key, Encoding.UTF8.GetBytes(text));
        return SignedNote.Format(text, Name, Verifier.KeyId, signature);
    }

    /// <summary>Signs a checkpoint. The caller has made the head durable first: a signature cannot be taken back.</summary>
    public string SignCheckpoint(long size, ReadOnlyMemory<byte> root) =>
        SignNote(new Checkpoint(Name, size, root).ToText());

    /// <inheritdoc />
    public void Dispose() => _key.Dispose();
}
