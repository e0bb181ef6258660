using System.Buffers.Binary;
using NSec.Cryptography;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Witness;

/// <summary>Cosigns checkpoints with a witness's Ed25519 key. Safe from any thread; dispose to wipe the key.</summary>
public sealed class Cosigner : IDisposable
{
    private readonly Key _key;

    /// <summary>A cosigner from its seed.</summary>
    /// <param name="name">The witness's name, such as a URL without its scheme: no white space, no plus sign.</param>
    /// <param name="seed">32 bytes; copied, the caller wipes its own.</param>
    /// <exception cref="ArgumentException">The name or the seed is not of that form.</exception>
    public Cosigner(string name, ReadOnlySpan<byte> seed)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!KeyLine.IsName(name))
        {
            throw new ArgumentException("A witness's name has no space, control character or plus sign.", nameof(name));
        }

        if (seed.Length != LogSigner.SeedLength)
        {
            throw new ArgumentException("An Ed25519 seed is 32 bytes.", nameof(seed));
        }

        _key = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        Verifier = new WitnessKey(KeyLine.Of(name, WitnessKey.Type, _key.PublicKey));
    }

    /// <summary>The public half.</summary>
    public WitnessKey Verifier { get; }

    /// <summary>The signature line for a checkpoint's text, with its line end. The caller has seen that it is consistent, and has
    /// made durable that it was seen.</summary>
    /// <param name="text">The note's text, with its closing line end.</param>
    /// <param name="at">Now; written in whole seconds.</param>
    public string Cosign(string text, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(text);
        var signature = new byte[WitnessKey.SignatureLength];
        var seconds = at.ToUnixTimeSeconds();
        BinaryPrimitives.WriteInt64BigEndian(signature, seconds);
        SignatureAlgorithm.Ed25519.Sign(_key, WitnessKey.Message(text, seconds), signature.AsSpan(8));
        return SignedNote.FormatLine(Verifier.Name, Verifier.KeyId, signature);
    }

    /// <inheritdoc />
    public void Dispose() => _key.Dispose();
}
