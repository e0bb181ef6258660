namespace Talreg.Capture.Srtp;

/// <summary>
/// Memory that opening a packet needs for a moment: one for each shard, so that a stream costs its keys only. One thread.
/// </summary>
internal sealed class SrtpWorkspace(int maxPacket)
{
    /// <summary>The longest packet it serves, in bytes.</summary>
    internal int MaxPacket { get; } = maxPacket;

    /// <summary>Pinned: where a datagram is copied to, to be opened in place.</summary>
    internal byte[] Packet { get; } = GC.AllocateUninitializedArray<byte>(maxPacket, pinned: true);

    internal byte[] Counters { get; } = new byte[Blocks(maxPacket)];

    internal byte[] KeyStream { get; } = new byte[Blocks(maxPacket)];

    internal byte[] Scratch { get; } = new byte[Blocks(maxPacket)];

    internal byte[] Associated { get; } = new byte[maxPacket];

    private static int Blocks(int bytes) =>
        (bytes + AesCounter.BlockSize - 1) / AesCounter.BlockSize * AesCounter.BlockSize;
}
