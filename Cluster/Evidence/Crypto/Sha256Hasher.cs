using System.Security.Cryptography;

namespace Talreg.Evidence.Crypto;

/// <summary>
/// SHA-256 for who hashes again and again: the algorithm is looked up once, and nothing is allocated after that. One thread
/// at a time; owns a context of OpenSSL until disposed.
/// </summary>
internal sealed unsafe class Sha256Hasher : IDisposable
{
    /// <summary>Size of a hash, in bytes.</summary>
    internal const int Size = 32;

    private readonly LibCrypto.DigestHandle _handle = LibCrypto.NewDigest();
    private readonly nint _context;

    internal Sha256Hasher()
    {
        _context = _handle.DangerousGetHandle();
        var digest = LibCrypto.FetchDigest(0, "SHA2-256", 0);
        if (_handle.IsInvalid || digest == 0)
        {
            throw new CryptographicException("OpenSSL gives no SHA-256.");
        }

        // The context holds a reference of its own from now on.
        var begun = LibCrypto.BeginDigest(_context, digest, 0);
        LibCrypto.FreeDigest(digest);
        LibCrypto.Check(begun);
    }

    /// <summary>Hashes bytes of any number.</summary>
    internal void Hash(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        LibCrypto.Check(LibCrypto.BeginDigest(_context, 0, 0));
        fixed (byte* input = bytes)
        {
            LibCrypto.Check(LibCrypto.UpdateDigest(_context, input, (nuint)bytes.Length));
        }

        Finish(destination);
    }

    /// <summary>Hashes short inputs, one behind another, without telling the collector: a few hundred bytes at most.</summary>
    internal void HashShort(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> destination)
    {
        LibCrypto.Check(LibCrypto.BeginDigest(_context, 0, 0));
        Append(first);
        Append(second);
        Append(third);
        Finish(destination);
    }

    public void Dispose() => _handle.Dispose();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* input = bytes)
        {
            LibCrypto.Check(LibCrypto.UpdateDigestShort(_context, input, (nuint)bytes.Length));
        }
    }

    private void Finish(Span<byte> destination)
    {
        fixed (byte* output = destination[..Size])
        {
            LibCrypto.Check(LibCrypto.FinishDigest(_context, output, 0));
        }
    }
}
