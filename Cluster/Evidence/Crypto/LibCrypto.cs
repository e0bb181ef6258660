using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Evidence.Crypto;

/// <summary>
/// The few functions of OpenSSL 3 that work per chunk. The framework's classes rest on the same library, but look their
/// algorithm up anew for each hash and each key, which costs more than hashing a chunk of speech does.
/// </summary>
internal static unsafe partial class LibCrypto
{
    /// <summary>EVP_CTRL_AEAD_GET_TAG.</summary>
    internal const int GetTag = 0x10;

    private const string Library = "libcrypto.so.3";

    /// <summary>Ends with an exception unless OpenSSL says that all went well: it does, short of memory or a broken library.</summary>
    internal static void Check(int result)
    {
        if (result != 1)
        {
            Throw();
        }
    }

    private static void Throw() => throw new CryptographicException("OpenSSL refused an operation that cannot fail.");

    [LibraryImport(Library, EntryPoint = "EVP_MD_fetch", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint FetchDigest(nint context, string algorithm, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_MD_free")]
    internal static partial void FreeDigest(nint digest);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    internal static partial DigestHandle NewDigest();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    internal static partial void FreeDigestContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_DigestInit_ex2")]
    [SuppressGCTransition]
    internal static partial int BeginDigest(nint context, nint digest, nint parameters);

    [LibraryImport(Library, EntryPoint = "EVP_DigestUpdate")]
    internal static partial int UpdateDigest(nint context, byte* bytes, nuint length);

    // For a few hundred bytes at most: the collector waits for it.
    [LibraryImport(Library, EntryPoint = "EVP_DigestUpdate")]
    [SuppressGCTransition]
    internal static partial int UpdateDigestShort(nint context, byte* bytes, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_DigestFinal_ex")]
    [SuppressGCTransition]
    internal static partial int FinishDigest(nint context, byte* digest, nint length);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_fetch", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint FetchMac(nint context, string algorithm, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_free")]
    internal static partial void FreeMac(nint mac);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_new")]
    internal static partial MacHandle NewMac(nint mac);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_free")]
    internal static partial void FreeMacContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_set_params")]
    internal static partial int SetMac(nint context, Parameter* parameters);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_init")]
    [SuppressGCTransition]
    internal static partial int BeginMac(nint context, byte* key, nuint length, nint parameters);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_update")]
    [SuppressGCTransition]
    internal static partial int UpdateMac(nint context, byte* bytes, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_final")]
    [SuppressGCTransition]
    internal static partial int FinishMac(nint context, byte* mac, nuint* length, nuint size);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_fetch", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint FetchCipher(nint context, string algorithm, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_free")]
    internal static partial void FreeCipher(nint cipher);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_new")]
    internal static partial CipherHandle NewCipher();

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_free")]
    internal static partial void FreeCipherContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_EncryptInit_ex2")]
    [SuppressGCTransition]
    internal static partial int BeginEncrypt(nint context, nint cipher, byte* key, byte* nonce, nint parameters);

    [LibraryImport(Library, EntryPoint = "EVP_EncryptUpdate")]
    internal static partial int Encrypt(nint context, byte* output, int* outputLength, byte* input, int length);

    // The header only, which is short: the collector waits for it.
    [LibraryImport(Library, EntryPoint = "EVP_EncryptUpdate")]
    [SuppressGCTransition]
    internal static partial int Authenticate(nint context, byte* output, int* outputLength, byte* input, int length);

    [LibraryImport(Library, EntryPoint = "EVP_EncryptFinal_ex")]
    [SuppressGCTransition]
    internal static partial int FinishEncrypt(nint context, byte* output, int* outputLength);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_ctrl")]
    [SuppressGCTransition]
    internal static partial int Control(nint context, int command, int argument, byte* data);

    /// <summary>OSSL_PARAM: a named value.</summary>
    internal struct Parameter
    {
        internal byte* Key;
        internal uint Type;
        internal void* Data;
        internal nuint Size;
        internal nuint ReturnSize;

        /// <summary>OSSL_PARAM_UTF8_STRING.</summary>
        internal const uint Utf8String = 4;
    }

    internal sealed class DigestHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            FreeDigestContext(handle);
            return true;
        }
    }

    internal sealed class MacHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            FreeMacContext(handle);
            return true;
        }
    }

    internal sealed class CipherHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            FreeCipherContext(handle);
            return true;
        }
    }
}
