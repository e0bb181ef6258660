using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Talreg.Store.IO;

/// <summary>
/// A file through the system calls themselves: .NET's flush hides the errors of fsync on Linux. Any thread; the caller
/// keeps writers apart.
/// </summary>
internal sealed class NativeFile : IDataFile
{
    private readonly SafeFileHandle _handle;

    private NativeFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    public string Path { get; }

    public long Length => RandomAccess.GetLength(_handle);

    /// <summary>Makes a file that must not exist, readable by its owner only.</summary>
    /// <param name="path">Where.</param>
    /// <param name="size">Space to reserve, in bytes; 0 for none.</param>
    internal static NativeFile CreateNew(string path, long size)
    {
        var file = Open(path, Libc.ReadWrite | Libc.Create | Libc.Exclusive);
        try
        {
            file.Reserve(size);
        }
        catch (StoreException)
        {
            file.Dispose();
            Libc.Unlink(path);
            throw;
        }

        return file;
    }

    /// <summary>Makes an empty file, readable by its owner only, in the place of whatever has its name.</summary>
    internal static NativeFile CreateEmpty(string path) => Open(path, Libc.ReadWrite | Libc.Create | Libc.Truncated);

    /// <summary>Opens a file that must exist.</summary>
    internal static NativeFile OpenExisting(string path, bool writable) =>
        Open(path, writable ? Libc.ReadWrite : Libc.ReadOnly);

    /// <summary>Opens a file, and makes it when it is missing.</summary>
    internal static NativeFile OpenOrCreate(string path) => Open(path, Libc.ReadWrite | Libc.Create);

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            var written = Libc.Write(_handle, bytes, (nuint)bytes.Length, offset);
            if (written < 0)
            {
                ThrowUnlessInterrupted();
                continue;
            }

            bytes = bytes[(int)written..];
            offset += written;
        }
    }

    public int Read(Span<byte> buffer, long offset)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = Libc.Read(_handle, buffer[total..], (nuint)(buffer.Length - total), offset + total);
            if (read < 0)
            {
                ThrowUnlessInterrupted();
                continue;
            }

            if (read == 0)
            {
                break;
            }

            total += (int)read;
        }

        return total;
    }

    public void Sync()
    {
        if (Libc.SyncData(_handle) != 0)
        {
            throw Libc.Error(Path);
        }
    }

    /// <summary>Has the kernel begin to write the file out. Only <see cref="Sync"/> says whether it did.</summary>
    public void BeginWriteOut() => _ = Libc.SyncRange(_handle, 0, 0, Libc.WriteRange);

    /// <summary>Has the kernel forget what it caches of the file and has written out. Advice: it may keep it.</summary>
    internal void DropCache() => _ = Libc.Advise(_handle, 0, 0, Libc.DontNeed);

    /// <summary>Cuts or extends the file.</summary>
    internal void SetLength(long length)
    {
        if (Libc.Truncate(_handle, length) != 0)
        {
            throw Libc.Error(Path);
        }
    }

    public void Dispose() => _handle.Dispose();

    private static NativeFile Open(string path, int flags)
    {
        var handle = Libc.Open(path, flags | Libc.CloseOnExec, Libc.OwnerOnly);
        if (handle.IsInvalid)
        {
            var error = Libc.Error(path);
            handle.Dispose();
            throw error;
        }

        return new NativeFile(path, handle);
    }

    private void Reserve(long size)
    {
        if (size == 0 || Libc.Allocate(_handle, 0, 0, size) == 0)
        {
            return;
        }

        // Some file systems cannot reserve; the space is then found, or not, when it is written.
        if (Marshal.GetLastPInvokeError() != Libc.NotSupported)
        {
            throw Libc.Error(Path);
        }

        SetLength(size);
    }

    private void ThrowUnlessInterrupted()
    {
        if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
        {
            throw Libc.Error(Path);
        }
    }
}
