using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

/// <summary>A record that no sync has confirmed, as it must be written again when its volume fails.</summary>
/// <param name="Take">Whose it is.</param>
/// <param name="Type">Its type.</param>
/// <param name="Memory">Where it stands, frame and body; empty for an opening, which is made anew.</param>
/// <param name="End">Its end, counted over all bytes ever placed.</param>
/// <param name="Chunks">The take's chunks before it.</param>
/// <param name="Head">The take's chain head before it.</param>
internal readonly record struct UnconfirmedRecord(
    JournalTake Take, RecordType Type, Memory<byte> Memory, long End, ulong Chunks, ChunkHash Head);

/// <summary>
/// The memory of a writer: records are sealed and framed here, written from here, and kept until a sync confirms them.
/// Sealed bytes are never sealed again: under one index, other bytes would repeat a nonce. The writer thread's alone.
/// </summary>
/// <param name="maxBytes">Bound of the memory; at least two blocks are used.</param>
internal sealed class UnconfirmedRecords(long maxBytes)
{
    /// <summary>Room for the longest record with the opening of its take in front.</summary>
    internal const int BlockSize = 2 * RecordFrame.MaxBody;

    private readonly Queue<UnconfirmedRecord> _records = new();
    private readonly Queue<Block> _full = new();

    // The block freed last is used first: its lines are still in the processor's cache.
    private readonly Stack<Block> _free = new();
    private readonly long _maxBlocks = Math.Max(2, maxBytes / BlockSize);
    private Block _block = new();
    private long _blocks = 1;
    private long _position;
    private int _written;

    /// <summary>Bytes ever placed.</summary>
    internal long Position => _position;

    internal bool IsEmpty => _records.Count == 0;

    /// <summary>The records, oldest first.</summary>
    internal Queue<UnconfirmedRecord> Records => _records;

    /// <summary>Bytes placed and not yet written to the segment.</summary>
    internal ReadOnlySpan<byte> Unwritten => _block.Bytes.AsSpan(_written, _block.Used - _written);

    internal int UnwrittenLength => _block.Used - _written;

    internal bool Fits(int length) => _block.Used + length <= BlockSize;

    /// <summary>Begins a new block, once everything is written; false while every block holds what is not confirmed.</summary>
    internal bool TryAdvance()
    {
        if (!_free.TryPop(out var next))
        {
            if (_blocks == _maxBlocks)
            {
                return false;
            }

            _blocks++;
            next = new Block();
        }

        _block.End = _position;
        _full.Enqueue(_block);
        Use(next);
        return true;
    }

    /// <summary>Where the next record goes.</summary>
    internal Span<byte> Room(int length) => _block.Bytes.AsSpan(_block.Used, length);

    /// <summary>Bytes in <see cref="Room"/> are to be written; nobody needs them again.</summary>
    internal void Place(int length)
    {
        _block.Used += length;
        _position += length;
    }

    /// <summary>The record in <see cref="Room"/> is to be written and kept.</summary>
    internal void Keep(JournalTake take, RecordType type, int length, ulong chunks, ChunkHash head)
    {
        var memory = _block.Bytes.AsMemory(_block.Used, length);
        Place(length);
        _records.Enqueue(new UnconfirmedRecord(take, type, memory, _position, chunks, head));
    }

    /// <summary>Everything placed was written, or is about to be written elsewhere.</summary>
    internal void NoteWritten() => _written = _block.Used;

    /// <summary>A sync confirmed everything placed up to a position.</summary>
    internal void Confirm(long position)
    {
        while (_records.TryPeek(out var record) && record.End <= position)
        {
            _records.Dequeue();
        }

        while (_full.TryPeek(out var block) && block.End <= position)
        {
            _free.Push(_full.Dequeue());
        }

        if (_records.Count == 0 && UnwrittenLength == 0)
        {
            Use(_block);
        }
    }

    private void Use(Block block)
    {
        block.Used = 0;
        _block = block;
        _written = 0;
    }

    private sealed class Block
    {
        internal byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);

        internal int Used { get; set; }

        internal long End { get; set; }
    }
}
