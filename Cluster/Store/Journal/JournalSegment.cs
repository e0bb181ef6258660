using System.Security.Cryptography;
using Talreg.Evidence.Keys;
using Talreg.Store.IO;

namespace Talreg.Store.Journal;

/// <summary>One segment file and who still needs it.</summary>
internal sealed class JournalSegment : IDisposable
{
    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(KeyTree.KeySize, pinned: true);
    private long _committed;
    private int _takes;
    private int _active;

    internal JournalSegment(
        SegmentHeader header, JournalVolume volume, IDataFile file, long size, ReadOnlySpan<byte> key, bool active)
    {
        Header = header;
        Volume = volume;
        File = file;
        Size = size;
        key.CopyTo(_key);
        _active = active ? 1 : 0;
        End = SegmentHeader.Size;
        _committed = SegmentHeader.Size;
    }

    internal SegmentHeader Header { get; }

    internal Guid Id => Header.Id;

    /// <summary>Where it lies.</summary>
    internal JournalVolume Volume { get; }

    internal IDataFile File { get; }

    internal string Path => File.Path;

    internal long Size { get; }

    /// <summary>Wraps the keys of the takes that have records here.</summary>
    internal ReadOnlySpan<byte> Key => _key;

    /// <summary>Where the next write goes; the writer thread's.</summary>
    internal long End { get; set; }

    /// <summary>What the newest commit mark says; the writer thread's.</summary>
    internal long Marked { get; set; } = SegmentHeader.Size;

    /// <summary>All bytes before it were confirmed by a sync.</summary>
    internal long Committed => Interlocked.Read(ref _committed);

    /// <summary>True while nothing keeps the file: the writer has moved on and every take is sealed.</summary>
    internal bool Unneeded => Volatile.Read(ref _active) == 0 && Volatile.Read(ref _takes) == 0;

    internal void Confirm(long end) => Interlocked.Exchange(ref _committed, end);

    internal void AddTake() => Interlocked.Increment(ref _takes);

    internal void RemoveTake() => Interlocked.Decrement(ref _takes);

    /// <summary>Keeps the file for good: something in it could not be used.</summary>
    internal void Keep() => Volatile.Write(ref _active, 1);

    internal void Retire() => Volatile.Write(ref _active, 0);

    /// <summary>Forgets the key and closes the file.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        File.Dispose();
    }
}
