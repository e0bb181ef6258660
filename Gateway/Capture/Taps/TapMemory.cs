using System.Buffers;
using System.Collections.Concurrent;

namespace Talreg.Capture.Taps;

/// <summary>
/// The blocks of one tap, made when it is opened: the shard's thread takes them, the listener's gives them back, and neither
/// allocates. Blocks held a call's audio: they are cleared when they come back.
/// </summary>
internal sealed class TapMemory : MemoryPool<byte>
{
    /// <summary>Size of a block, in bytes.</summary>
    internal const int BlockBytes = 16 * 1024;

    private readonly ConcurrentQueue<Block> _free = new();

    internal TapMemory(int blocks)
    {
        for (var i = 0; i < blocks; i++)
        {
            _free.Enqueue(new Block(this));
        }
    }

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        return _free.TryDequeue(out var block) ? block : new Block(this);
    }

    protected override void Dispose(bool disposing) => _free.Clear();

    private sealed class Block(TapMemory pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateArray<byte>(BlockBytes, pinned: true);

        public Memory<byte> Memory => _bytes;

        public void Dispose()
        {
            Array.Clear(_bytes);
            pool._free.Enqueue(this);
        }
    }
}
