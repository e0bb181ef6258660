using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Evidence.Keys;

/// <summary>
/// The key above all others: 32 random bytes in a file of their own that only its owner may read. Whoever loses it loses
/// every recording. Any thread may read it until it is disposed.
/// </summary>
public sealed partial class RootKey : IDisposable
{
    // Pinned, so that the collector leaves no copies behind when it compacts.
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(KeyTree.KeySize, pinned: true);

    /// <summary>Takes a copy of a key that came from elsewhere.</summary>
    public RootKey(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, KeyTree.KeySize, nameof(bytes));
        bytes.CopyTo(_bytes);
    }

    /// <summary>The 32 bytes; all zero once disposed.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>Reads a key file.</summary>
    /// <exception cref="IOException">The file is missing, unreadable, or not 32 bytes long.</exception>
    public static RootKey Load(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            return bytes.Length == KeyTree.KeySize
                ? new RootKey(bytes)
                : throw new InvalidDataException($"{path}: a root key is 32 bytes, this file has {bytes.Length}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Draws a key and writes its file, readable by its owner only. On return it is on stable storage.</summary>
    /// <exception cref="IOException">The file exists already, or it cannot be written or synced.</exception>
    public static RootKey Create(string path)
    {
        var key = new RootKey(RandomNumberGenerator.GetBytes(KeyTree.KeySize));
        using (var file = Libc.Open(path, Libc.CreateExclusive, Libc.OwnerOnly))
        {
            if (file.IsInvalid)
            {
                throw Libc.Error(path);
            }

            RandomAccess.Write(file, key._bytes, 0);
            Sync(file, path);
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        using var handle = Libc.Open(folder, Libc.ReadOnlyCloseOnExec, 0);
        if (handle.IsInvalid)
        {
            throw Libc.Error(folder);
        }

        Sync(handle, folder);
        return key;
    }

    /// <summary>Overwrites the key in memory.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    private static void Sync(SafeFileHandle handle, string path)
    {
        if (Libc.Sync(handle) != 0)
        {
            throw Libc.Error(path);
        }
    }

    // .NET's own flush hides the errors of fsync on Linux.
    private static partial class Libc
    {
        internal const int ReadOnlyCloseOnExec = 0x80000;
        internal const int CreateExclusive = ReadOnlyCloseOnExec | 0x1 | 0x40 | 0x80;
        internal const int OwnerOnly = 0x180;

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial SafeFileHandle Open(string path, int flags, int mode);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        internal static partial int Sync(SafeFileHandle handle);

        internal static IOException Error(string path) =>
            new($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
