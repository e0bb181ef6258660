using System.Security.Cryptography;

namespace Talreg.Evidence.Crypto;

/// <summary>
/// HMAC-SHA-256 (RFC 2104) of short messages under keys that change each time. The algorithm is looked up once; nothing is
/// allocated after that. One thread at a time; owns a context of OpenSSL until disposed, and in it the last key.
/// </summary>
internal sealed unsafe class HmacSha256 : IDisposable
{
    private readonly LibCrypto.MacHandle _handle;
    private readonly nint _context;

    internal HmacSha256()
    {
        var mac = LibCrypto.FetchMac(0, "HMAC", 0);
        if (mac == 0)
        {
            throw new CryptographicException("OpenSSL gives no HMAC.");
        }

        // The context holds a reference of its own from now on.
        _handle = LibCrypto.NewMac(mac);
        LibCrypto.FreeMac(mac);
        _context = _handle.DangerousGetHandle();
        fixed (byte* name = "digest\0"u8, digest = "SHA2-256\0"u8)
        {
            var parameters = stackalloc LibCrypto.Parameter[2];
            parameters[0] = new LibCrypto.Parameter
            {
                Key = name, Type = LibCrypto.Parameter.Utf8String, Data = digest, Size = 8,
            };
            parameters[1] = default;
            LibCrypto.Check(LibCrypto.SetMac(_context, parameters));
        }
    }

    /// <summary>Computes one code.</summary>
    /// <param name="key">At least one byte.</param>
    /// <param name="message">A few hundred bytes at most: the collector waits.</param>
    /// <param name="destination">32 bytes; may be the key's own.</param>
    internal void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> destination)
    {
        // OpenSSL takes no key to mean the last one.
        ArgumentOutOfRangeException.ThrowIfZero(key.Length, nameof(key));
        nuint length;
        fixed (byte* secret = key, input = message, output = destination[..Sha256Hasher.Size])
        {
            LibCrypto.Check(LibCrypto.BeginMac(_context, secret, (nuint)key.Length, 0));
            LibCrypto.Check(LibCrypto.UpdateMac(_context, input, (nuint)message.Length));
            LibCrypto.Check(LibCrypto.FinishMac(_context, output, &length, Sha256Hasher.Size));
        }
    }

    public void Dispose() => _handle.Dispose();
}
