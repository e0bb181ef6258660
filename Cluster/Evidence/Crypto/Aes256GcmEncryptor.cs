using System.Security.Cryptography;

namespace Talreg.Evidence.Crypto;

/// <summary>
/// AES-256-GCM (NIST SP 800-38D) under keys that change often: a new key goes into the same context. Nothing is allocated
/// after construction. One thread at a time; owns a context of OpenSSL until disposed, and in it the last key.
/// </summary>
internal sealed unsafe class Aes256GcmEncryptor : IDisposable
{
    /// <summary>Size of a key, in bytes.</summary>
    internal const int KeySize = 32;

    /// <summary>Size of a nonce, in bytes.</summary>
    internal const int NonceSize = 12;

    /// <summary>Size of a tag, in bytes.</summary>
    internal const int TagSize = 16;

    private readonly LibCrypto.CipherHandle _handle = LibCrypto.NewCipher();
    private readonly nint _context;

    internal Aes256GcmEncryptor()
    {
        _context = _handle.DangerousGetHandle();
        var cipher = LibCrypto.FetchCipher(0, "AES-256-GCM", 0);
        if (_handle.IsInvalid || cipher == 0)
        {
            throw new CryptographicException("OpenSSL gives no AES-256-GCM.");
        }

        // The context holds a reference of its own from now on. 12 bytes are GCM's own nonce size.
        var begun = LibCrypto.BeginEncrypt(_context, cipher, null, null, 0);
        LibCrypto.FreeCipher(cipher);
        LibCrypto.Check(begun);
    }

    /// <summary>Encrypts under another key from now on.</summary>
    internal void SetKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize, nameof(key));
        fixed (byte* secret = key)
        {
            LibCrypto.Check(LibCrypto.BeginEncrypt(_context, 0, secret, null, 0));
        }
    }

    /// <summary>Encrypts under the key set last.</summary>
    /// <param name="nonce">12 bytes; never the same twice under one key.</param>
    /// <param name="header">Authenticated, not encrypted; a few hundred bytes at most.</param>
    /// <param name="plainText">At least one byte.</param>
    /// <param name="cipherText">As long as the plain text; apart from it.</param>
    /// <param name="tag">16 bytes.</param>
    internal void Encrypt(
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> header,
        ReadOnlySpan<byte> plainText,
        Span<byte> cipherText,
        Span<byte> tag)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceSize, nameof(nonce));
        ArgumentOutOfRangeException.ThrowIfNotEqual(cipherText.Length, plainText.Length, nameof(cipherText));
        ArgumentOutOfRangeException.ThrowIfNotEqual(tag.Length, TagSize, nameof(tag));
        int length;
        fixed (byte* number = nonce, associated = header, input = plainText, output = cipherText, mark = tag)
        {
            LibCrypto.Check(LibCrypto.BeginEncrypt(_context, 0, null, number, 0));
            LibCrypto.Check(LibCrypto.Authenticate(_context, null, &length, associated, header.Length));
            LibCrypto.Check(LibCrypto.Encrypt(_context, output, &length, input, plainText.Length));
            LibCrypto.Check(LibCrypto.FinishEncrypt(_context, output + length, &length));
            LibCrypto.Check(LibCrypto.Control(_context, LibCrypto.GetTag, TagSize, mark));
        }
    }

    public void Dispose() => _handle.Dispose();
}
