using System.Security.Cryptography;

namespace Talreg.Capture.Srtp;

/// <summary>
/// A master key with its salt, as an <c>a=crypto</c> line carries them (RFC 4568 §6.1). Immutable. Two are equal when suite, key,
/// salt and MKI are; its text never shows the key.
/// </summary>
public sealed class SrtpKeys : IEquatable<SrtpKeys>
{
    /// <summary>The longest MKI, in bytes (RFC 4568 §6.1 allows 128; no sender was seen with more than 4).</summary>
    public const int MaxMkiSize = 16;

    private readonly byte[] _key;
    private readonly byte[] _salt;
    private readonly byte[] _mki;

    private SrtpKeys(SrtpSuite suite, byte[] key, byte[] salt, byte[] mki)
    {
        Suite = suite;
        _key = key;
        _salt = salt;
        _mki = mki;
    }

    /// <summary>The suite.</summary>
    public SrtpSuite Suite { get; }

    internal ReadOnlySpan<byte> Key => _key;

    internal ReadOnlySpan<byte> Salt => _salt;

    internal ReadOnlySpan<byte> Mki => _mki;

    /// <summary>Takes key and salt as they stand behind <c>inline:</c>, decoded.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="keyAndSalt">The master key and the master salt, one behind the other; copied.</param>
    /// <param name="mki">The master key identifier each packet carries; empty for none. Copied.</param>
    /// <param name="keys">The keys.</param>
    /// <returns>False when the lengths are not the suite's.</returns>
    public static bool TryCreate(
        SrtpSuite suite, ReadOnlySpan<byte> keyAndSalt, ReadOnlySpan<byte> mki, out SrtpKeys? keys)
    {
        var keySize = suite.KeySize();
        keys = keyAndSalt.Length == keySize + suite.SaltSize() && mki.Length <= MaxMkiSize
            ? new SrtpKeys(suite, keyAndSalt[..keySize].ToArray(), keyAndSalt[keySize..].ToArray(), mki.ToArray())
            : null;
        return keys is not null;
    }

    /// <summary>Fresh random keys of a suite, for what is sent.</summary>
    public static SrtpKeys Create(SrtpSuite suite) => new(
        suite,
        RandomNumberGenerator.GetBytes(suite.KeySize()),
        RandomNumberGenerator.GetBytes(suite.SaltSize()),
        []);

    /// <summary>Key and salt as they stand behind <c>inline:</c>, in base64: for an answer, and nothing else.</summary>
    public string ToInline() => Convert.ToBase64String([.. _key, .. _salt]);

    /// <inheritdoc />
    public bool Equals(SrtpKeys? other) =>
        other is not null
        && Suite == other.Suite
        && CryptographicOperations.FixedTimeEquals(_key, other._key)
        && CryptographicOperations.FixedTimeEquals(_salt, other._salt)
        && Mki.SequenceEqual(other._mki);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as SrtpKeys);

    // Of the salt: it is no secret, and the key must not leak into a hash table's order.
    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Suite, BitConverter.ToInt64(_salt));

    /// <inheritdoc />
    public override string ToString() => Suite.ToName();
}
