using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Store.IO;

/// <summary>The system calls of the store. Constants are those of Linux on x64 and arm64.</summary>
internal static partial class Libc
{
    internal const int ReadOnly = 0;
    internal const int ReadWrite = 2;
    internal const int Create = 0x40;
    internal const int Truncated = 0x200;
    internal const int Exclusive = 0x80;
    internal const int CloseOnExec = 0x80000;
    internal const int OwnerOnly = 0x180;

    internal const int Interrupted = 4;
    internal const int NotSupported = 95;

    /// <summary>Advice of posix_fadvise: what is cached of the file is not needed.</summary>
    internal const int DontNeed = 4;

    /// <summary>Flag of sync_file_range: begins to write dirty pages out, and waits for none.</summary>
    internal const int WriteRange = 2;

    private const int NoMemory = 12;
    private const int TooManyInSystem = 23;
    private const int TooManyOpen = 24;
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle file, Span<byte> buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    internal static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    internal static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(SafeFileHandle file, long length);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    internal static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    internal static partial int SyncRange(SafeFileHandle file, long offset, long length, uint flags);

    /// <summary>With which = 0 and who = 0 it is the calling thread's own niceness that is set.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    internal static partial int SetPriority(int which, int who, int niceness);

    /// <summary>The failure of the call just made on this thread, as one line.</summary>
    internal static StoreException Error(string path) =>
        new($"{path}: {Marshal.GetLastPInvokeErrorMessage()}")
        {
            IsOutOfSpace = Marshal.GetLastPInvokeError() is NoSpace or QuotaExceeded,
            IsTransient = Marshal.GetLastPInvokeError() is NoMemory or TooManyInSystem or TooManyOpen,
        };
}
