using System.Buffers;
using System.Collections.Concurrent;

namespace Talreg.Store.Journal;

/// <summary>Pinned 1 MiB blocks for the pipe of one producer. Any thread.</summary>
internal sealed class PinnedBlockPool : MemoryPool<byte>
{
    internal const int BlockSize = 1024 * 1024;

    private const int MaxIdle = 16;

    private readonly ConcurrentStack<Block> _idle = new();

    public override int MaxBufferSize => BlockSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        return _idle.TryPop(out var block) ? block : new Block(this);
    }

    protected override void Dispose(bool disposing) => _idle.Clear();

    private sealed class Block(PinnedBlockPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);

        public void Dispose()
        {
            if (pool._idle.Count < MaxIdle)
            {
                pool._idle.Push(this);
            }
        }
    }
}
