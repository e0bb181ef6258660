using Talreg.Evidence.Chunks;

namespace Talreg.Capture.Streams;

/// <summary>
/// The buffers of a shard's open chunks. 200 ms of a voice stream are about 2 KiB, so a chunk begins in a small buffer and moves
/// to one of full size only when it must. A stream without an open chunk holds none; the buffer given back last is
/// handed out first, because the processor still has it in its cache. Never more than two per open chunk; kept until the
/// shard ends. Shard thread only.
/// </summary>
internal sealed class ChunkBuffers
{
    /// <summary>Size of a small buffer, in bytes.</summary>
    internal const int SmallSize = 4 * 1024;

    private readonly Stack<byte[]> _small = new();
    private readonly Stack<byte[]> _large = new();

    /// <summary>Gives a buffer of at least so many bytes, at most <see cref="ChunkHeader.MaxPlainText"/>.</summary>
    internal byte[] Rent(int bytes)
    {
        var size = bytes <= SmallSize ? SmallSize : ChunkHeader.MaxPlainText;
        return Of(size).TryPop(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Takes a buffer back; an empty one is nobody's.</summary>
    internal void Return(byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            Of(buffer.Length).Push(buffer);
        }
    }

    private Stack<byte[]> Of(int size) => size == SmallSize ? _small : _large;
}
