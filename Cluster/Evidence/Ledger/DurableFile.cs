using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Evidence.Ledger;

/// <summary>
/// Writes that are on stable storage when they return. The runtime's own flush hides errors on Linux, so libc is called and
/// its errno read at once. A failed sync is never tried again: the kernel may have dropped the pages.
/// </summary>
internal static partial class DurableFile
{
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>Replaces a small file: a reader sees the old or the new one, whole.</summary>
    internal static void Replace(string path, ReadOnlySpan<byte> data)
    {
        var beside = path + ".new";
        using (var file = File.OpenHandle(beside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            RandomAccess.Write(file, data, 0);
            Sync(file, beside);
        }

        File.Move(beside, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Cuts a file and syncs it.</summary>
    internal static void Cut(string path, long length)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(file, length);
        Sync(file, path);
    }

    /// <summary>Deletes a file and makes that durable.</summary>
    internal static void Delete(string path)
    {
        File.Delete(path);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a directory and those above it, each entered durably in its parent.</summary>
    internal static void CreateDirectory(string path)
    {
        if (path.Length == 0 || Directory.Exists(path))
        {
            return;
        }

        var parent = Path.GetDirectoryName(path);
        if (!string.IsNullOrEmpty(parent))
        {
            CreateDirectory(parent);
        }

        Directory.CreateDirectory(path);
        if (!string.IsNullOrEmpty(parent))
        {
            SyncDirectory(parent);
        }
    }

    /// <summary>Syncs a file.</summary>
    internal static void Sync(SafeFileHandle file, string path)
    {
        if (FDataSync(file) != 0)
        {
            throw Failed("fdatasync", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Makes what was entered in a directory durable.</summary>
    internal static void SyncDirectory(string path)
    {
        using var directory = Open(path, ReadOnlyCloseOnExec);
        if (directory.IsInvalid)
        {
            throw Failed("open", path, Marshal.GetLastPInvokeError());
        }

        if (FSync(directory) != 0)
        {
            throw Failed("fsync", path, Marshal.GetLastPInvokeError());
        }
    }

    private static LogException Failed(string call, string path, int error) => new(
        LogFault.Device,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{call} of {path} failed with errno {error}: {Marshal.GetPInvokeErrorMessage(error)}"));

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
