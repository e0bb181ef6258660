using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Talreg.Capture.PreBuffer;

/// <summary>
/// Pages that never leave RAM: locked against swap (mlock(2)), left out of core dumps and of child processes (madvise(2)
/// MADV_DONTDUMP, MADV_DONTFORK). Zero when made. Any thread may read and write; freed once, by the owner.
/// </summary>
internal sealed unsafe partial class LockedMemory : IDisposable
{
    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymous = 0x02 | 0x20;
    private const int DontFork = 10;
    private const int DontDump = 16;
    private const int MemoryLockLimit = 8;

    private nint _address;

    private LockedMemory(nint address, long bytes)
    {
        _address = address;
        Bytes = bytes;
    }

    /// <summary>Size, in bytes.</summary>
    internal long Bytes { get; }

    /// <summary>First byte; page-aligned.</summary>
    internal byte* Address => (byte*)_address;

    /// <summary>How many bytes this process may lock (RLIMIT_MEMLOCK); <see cref="long.MaxValue"/> without a limit.</summary>
    internal static long LockLimitBytes()
    {
        var limit = default(ResourceLimit);
        return GetLimit(MemoryLockLimit, &limit) != 0 ? 0 : (long)Math.Min(limit.Current, long.MaxValue);
    }

    /// <summary>Takes and locks pages; on return all of them are in RAM.</summary>
    /// <exception cref="PreBufferRefusedException">The system does not give them, or does not let them be locked.</exception>
    internal static LockedMemory Allocate(long bytes)
    {
        // Before the kernel is asked: a process that may lock any amount would be given it, and the machine would have none.
        var most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        if (bytes > most)
        {
            throw new PreBufferRefusedException(
                $"prebuffer-mib wants {bytes >> 20} MiB of locked memory, which is more than half of this machine's "
                    + $"({most >> 20} MiB); lower prebuffer-mib.");
        }

        var address = Map(null, (nuint)bytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1)
        {
            throw Refused(bytes, "memory");
        }

        var memory = new LockedMemory(address, bytes);
        string? failed =
            Advise(memory.Address, (nuint)bytes, DontDump) != 0 ? "keeping it out of core dumps"
            : Advise(memory.Address, (nuint)bytes, DontFork) != 0 ? "keeping it from child processes"
            : Lock(memory.Address, (nuint)bytes) != 0 ? "locking it"
            : null;
        if (failed is not null)
        {
            var refusal = Refused(bytes, failed);
            memory.Dispose();
            throw refusal;
        }

        return memory;
    }

    public void Dispose()
    {
        if (_address == 0)
        {
            return;
        }

        NativeMemory.Clear(Address, (nuint)Bytes);
        var freed = Unmap(Address, (nuint)Bytes);
        Debug.Assert(freed == 0, "munmap fails for pages only that were never mapped.");
        _address = 0;
    }

    private static PreBufferRefusedException Refused(long bytes, string what)
    {
        var error = new Win32Exception(Marshal.GetLastPInvokeError()).Message;
        var limit = LockLimitBytes();
        return new PreBufferRefusedException(
            $"prebuffer-mib wants {bytes >> 20} MiB of locked memory; {what} failed: {error}. This process may lock "
                + (limit == long.MaxValue ? "any amount" : $"{limit >> 10} KiB (RLIMIT_MEMLOCK)")
                + "; raise LimitMEMLOCK= of its service, or lower prebuffer-mib.");
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(void* near, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(void* address, nuint bytes, int advice);

    [LibraryImport("libc", EntryPoint = "mlock", SetLastError = true)]
    private static partial int Lock(void* address, nuint bytes);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, ResourceLimit* limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Current;
        public ulong Maximum;
    }
}

/// <summary>The pre-buffer cannot be had as it was asked for. The message is one line for an operator.</summary>
public sealed class PreBufferRefusedException(string message) : Exception(message);
