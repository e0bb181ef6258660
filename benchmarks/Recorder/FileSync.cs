using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Benchmarks.Recorder;

/// <summary>fdatasync(2): .NET's own flush does not report its errors.</summary>
internal static partial class FileSync
{
    internal static void Sync(SafeFileHandle file)
    {
        if (SyncData(file) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "fdatasync");
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncData(SafeFileHandle file);
}
