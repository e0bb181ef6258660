using System.Runtime.InteropServices;

namespace Talreg.Capture.PreBuffer;

/// <summary>
/// The memory of all pre-buffers of a process: one locked arena in blocks of <see cref="BlockBytes"/>, taken whole when it is
/// made and never grown. Blocks are handed out and taken back on shard threads, without a lock and without allocation; a block
/// that comes back is zeroed first. The owner disposes it after the engine.
/// </summary>
public sealed unsafe class PreBufferPool : IDisposable
{
    /// <summary>Size of a block: about 1.5 s of a G.711 stream at 20 ms.</summary>
    public const int BlockBytes = 16 * 1024;

    /// <summary>The longest pre-buffer of a call.</summary>
    public static readonly TimeSpan MaxWindow = TimeSpan.FromSeconds(60);

    // The budget nobody chose: ten seconds of 20 calls, and half of what the process may lock at most.
    private const long DefaultBytes = 4L << 20;

    private readonly LockedMemory _memory;
    private readonly int[] _next;

    // Treiber's stack: the low half is the first free block plus one, the high half grows with every change, so that a block
    // that left and came back meanwhile is told from one that never left.
    private long _free;
    private int _inUse;

    /// <summary>Takes the memory.</summary>
    /// <param name="budgetBytes">Rounded down to whole blocks; at least one.</param>
    /// <exception cref="PreBufferRefusedException">So much may not be locked.</exception>
    public PreBufferPool(long budgetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budgetBytes, BlockBytes);
        Blocks = (int)Math.Min(budgetBytes / BlockBytes, int.MaxValue - 1);
        _memory = LockedMemory.Allocate((long)Blocks * BlockBytes);
        _next = new int[Blocks];
        for (var i = 0; i < Blocks; i++)
        {
            _next[i] = i + 1 < Blocks ? i + 2 : 0;
        }

        _free = 1;
    }

    /// <summary>The budget when nobody chose one: 4 MiB, or half of what this process may lock where that is less.</summary>
    public static long DefaultBudgetBytes => Math.Min(DefaultBytes, LockedMemory.LockLimitBytes() / 2);

    /// <summary>How many blocks there are.</summary>
    public int Blocks { get; }

    /// <summary>How many are in use.</summary>
    public int BlocksInUse => Volatile.Read(ref _inUse);

    /// <inheritdoc />
    public void Dispose() => _memory.Dispose();

    /// <summary>The first byte of a block.</summary>
    internal byte* Address(int block) => _memory.Address + ((long)block * BlockBytes);

    /// <summary>A block, all zero; -1 when the budget is used up.</summary>
    internal int Rent()
    {
        while (true)
        {
            var free = Volatile.Read(ref _free);
            var block = (int)(uint)free - 1;
            if (block < 0)
            {
                return -1;
            }

            var rest = Tagged(free, Volatile.Read(ref _next[block]));
            if (Interlocked.CompareExchange(ref _free, rest, free) == free)
            {
                Interlocked.Increment(ref _inUse);
                return block;
            }
        }
    }

    /// <summary>Zeroes a block and takes it back.</summary>
    internal void Return(int block)
    {
        NativeMemory.Clear(Address(block), BlockBytes);
        while (true)
        {
            var free = Volatile.Read(ref _free);
            Volatile.Write(ref _next[block], (int)(uint)free);
            if (Interlocked.CompareExchange(ref _free, Tagged(free, block + 1), free) == free)
            {
                Interlocked.Decrement(ref _inUse);
                return;
            }
        }
    }

    private static long Tagged(long before, int first) => ((before >> 32) + 1) << 32 | (uint)first;
}
