namespace Talreg.Store.Journal;

/// <summary>Where one chunk lies.</summary>
/// <param name="Segment">Which of the take's segments, 0-based.</param>
/// <param name="Offset">Offset of the chunk itself in the segment's file.</param>
/// <param name="Length">Length of the chunk, in bytes.</param>
internal readonly record struct ChunkPlace(int Segment, uint Offset, int Length);

/// <summary>
/// Where a take's chunks lie, in index order. One thread adds; others may read what was added before they learned the
/// count. Blocks keep a long take from being copied as it grows.
/// </summary>
internal sealed class ChunkPlaces
{
    /// <summary>The most chunks a take may have: three weeks of a two-way call.</summary>
    internal const int Max = 1 << 24;

    private const int BlockSize = 1024;

    private ChunkPlace[][] _blocks = [];
    private int _count;

    /// <summary>How many were added.</summary>
    internal int Count => Volatile.Read(ref _count);

    internal ChunkPlace this[int index] => Volatile.Read(ref _blocks)[index / BlockSize][index % BlockSize];

    internal void Add(ChunkPlace place)
    {
        var index = _count;
        if (index / BlockSize == _blocks.Length)
        {
            var blocks = new ChunkPlace[Math.Max(4, _blocks.Length * 2)][];
            _blocks.CopyTo(blocks, 0);
            Volatile.Write(ref _blocks, blocks);
        }

        (_blocks[index / BlockSize] ??= new ChunkPlace[BlockSize])[index % BlockSize] = place;
        Volatile.Write(ref _count, index + 1);
    }

    /// <summary>A chunk that no sync has confirmed, and so nobody reads, lies elsewhere now.</summary>
    internal void Move(int index, ChunkPlace place) => _blocks[index / BlockSize][index % BlockSize] = place;
}
