using System.Security.Cryptography;
using Talreg.Evidence.Crypto;
using Talreg.TestKit;

namespace Talreg.Evidence.Tests.Crypto;

/// <summary>Our way into OpenSSL against the framework's, and against printed vectors.</summary>
public sealed class CryptoTests
{
    private const int Seed = 20261124;

    [Fact]
    public void Hash_ofEachLength_isTheFrameworks()
    {
        using var hasher = new Sha256Hasher();
        var bytes = RandomBytes(4096);
        Span<byte> hash = stackalloc byte[Sha256Hasher.Size];
        for (var length = 0; length <= bytes.Length; length += length < 300 ? 1 : 97)
        {
            hasher.Hash(bytes.AsSpan(0, length), hash);
            Assert.Equal(SHA256.HashData(bytes.AsSpan(0, length)), hash.ToArray());
        }
    }

    [Fact]
    public void HashShort_ofThreeParts_isTheHashOfThemInOneAndMayReplaceAPart()
    {
        using var hasher = new Sha256Hasher();
        var bytes = RandomBytes(300);
        Span<byte> hash = stackalloc byte[Sha256Hasher.Size];
        for (var cut = 0; cut <= 250; cut++)
        {
            hasher.HashShort(bytes.AsSpan(0, cut), bytes.AsSpan(cut, 50), bytes.AsSpan(cut + 50), hash);
            Assert.Equal(SHA256.HashData(bytes), hash.ToArray());
        }

        var head = bytes[..Sha256Hasher.Size];
        hasher.HashShort([1], head, bytes, head);
        Assert.Equal(SHA256.HashData([1, .. bytes[..Sha256Hasher.Size], .. bytes]), head);
    }

    [Fact]
    public void Compute_underChangingKeys_isTheFrameworks()
    {
        using var hmac = new HmacSha256();
        Span<byte> code = stackalloc byte[Sha256Hasher.Size];
        for (var length = 1; length <= 200; length++)
        {
            var key = RandomBytes(length, Seed + length);
            var message = RandomBytes(200 - length, Seed - length);
            hmac.Compute(key, message, code);
            Assert.Equal(HMACSHA256.HashData(key, message), code.ToArray());
        }
    }

    // RFC 4231 §4.2 and §4.3.
    [Theory]
    [InlineData(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "4869205468657265",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    [InlineData(
        "4a656665",
        "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    public void Compute_printedVector_isTheSame(string key, string message, string expected)
    {
        using var hmac = new HmacSha256();
        var code = new byte[Sha256Hasher.Size];
        hmac.Compute(Convert.FromHexString(key), Convert.FromHexString(message), code);
        Assert.Equal(Convert.FromHexString(expected), code);
    }

    [Fact]
    public void Compute_intoTheKeyItself_isTheFrameworks()
    {
        using var hmac = new HmacSha256();
        var key = RandomBytes(32);
        var expected = HMACSHA256.HashData(key, "slot"u8);
        hmac.Compute(key, "slot"u8, key);
        Assert.Equal(expected, key);
    }

    [Fact]
    public void Encrypt_underChangingKeysAndNonces_isOpenedByTheFramework()
    {
        using var encryptor = new Aes256GcmEncryptor();
        var plain = RandomBytes(2500);
        var header = RandomBytes(208, Seed + 1);
        for (var i = 0; i < 200; i++)
        {
            var key = RandomBytes(Aes256GcmEncryptor.KeySize, Seed + (i / 3));
            var nonce = RandomBytes(Aes256GcmEncryptor.NonceSize, Seed + 1000 + i);
            if (i % 3 == 0)
            {
                encryptor.SetKey(key);
            }

            var length = 1 + (i * 12);
            var cipherText = new byte[length];
            var tag = new byte[Aes256GcmEncryptor.TagSize];
            encryptor.Encrypt(nonce, header, plain.AsSpan(0, length), cipherText, tag);
            var opened = new byte[length];
            using var aes = new AesGcm(key, Aes256GcmEncryptor.TagSize);
            aes.Decrypt(nonce, cipherText, tag, opened, header);
            Assert.Equal(plain[..length], opened);
        }
    }

    [Fact]
    public void Encrypt_repeatedly_allocatesNothing()
    {
        using var hasher = new Sha256Hasher();
        using var hmac = new HmacSha256();
        using var encryptor = new Aes256GcmEncryptor();
        var key = RandomBytes(32);
        var plain = RandomBytes(2000);
        var cipherText = new byte[2000];
        var tag = new byte[16];
        var hash = new byte[32];
        Round();
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                Round();
            }
        }));

        void Round()
        {
            hmac.Compute(key, plain.AsSpan(0, 40), hash);
            encryptor.SetKey(hash);
            encryptor.Encrypt(plain.AsSpan(0, 12), plain.AsSpan(0, 208), plain, cipherText, tag);
            hasher.Hash(cipherText, hash);
            hasher.HashShort(hash, hash, hash, hash);
        }
    }

    private static byte[] RandomBytes(int length, int seed = Seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
