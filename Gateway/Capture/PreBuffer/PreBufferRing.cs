using System.Runtime.InteropServices;
using Talreg.Hardware;

namespace Talreg.Capture.PreBuffer;

/// <summary>A packet in a pre-buffer. Its bytes are valid until it is removed.</summary>
/// <param name="Datagram">As it arrived; its bytes lie in the pre-buffer's memory.</param>
/// <param name="RealTimeOffsetNs">What its batch said of real time.</param>
/// <param name="Rtp">RTP, not RTCP.</param>
/// <param name="Own">From the stream's own source.</param>
internal readonly record struct KeptPacket(Datagram Datagram, long RealTimeOffsetNs, bool Rtp, bool Own);

/// <summary>What went out of a pre-buffer in one block.</summary>
/// <param name="Packets">How many packets.</param>
/// <param name="OwnRtp">Of them, the stream's own RTP.</param>
/// <param name="LastNs">The latest arrival among them.</param>
internal readonly record struct EvictedPackets(int Packets, int OwnRtp, long LastNs);

/// <summary>
/// The latest packets of one stream, in RAM only, in the order they came: a chain of blocks, filled at one end and emptied at
/// the other. Shard thread only; no allocation.
/// </summary>
/// <remarks><code>
/// block: BlockHeader | PacketHeader packet, padded to 8 | PacketHeader packet | ...
/// </code></remarks>
internal sealed unsafe class PreBufferRing(PreBufferPool pool)
{
    private int _first = -1;
    private int _last = -1;

    /// <summary>How many packets are kept.</summary>
    internal int Count { get; private set; }

    /// <summary>True when a packet of this length can be kept at all.</summary>
    internal static bool Fits(int length) => sizeof(BlockHeader) + EntryBytes(length) <= PreBufferPool.BlockBytes;

    /// <summary>Keeps a packet behind the others; false when there is no memory for it.</summary>
    internal bool TryAdd(in KeptPacket packet)
    {
        var datagram = packet.Datagram;
        var size = EntryBytes(datagram.Length);
        if ((_last < 0 || Header(_last)->Used + size > PreBufferPool.BlockBytes) && !TryGrow())
        {
            return false;
        }

        var block = Header(_last);
        var entry = (PacketHeader*)((byte*)block + block->Used);
        *entry = new PacketHeader
        {
            ArrivalNs = datagram.ArrivalNs,
            RealTimeOffsetNs = packet.RealTimeOffsetNs,
            Source = datagram.Source,
            Length = (ushort)datagram.Length,
            LocalPort = datagram.LocalPort,
            Flags = datagram.Flags,
            Rtp = packet.Rtp ? (byte)1 : (byte)0,
            Own = packet.Own ? (byte)1 : (byte)0,
        };
        datagram.Bytes.CopyTo(new Span<byte>(entry + 1, datagram.Length));
        block->Used += size;
        block->Packets++;
        block->OwnRtp += packet.Rtp && packet.Own ? 1 : 0;
        block->LastNs = Math.Max(block->LastNs, datagram.ArrivalNs);
        Count++;
        return true;
    }

    /// <summary>The oldest packet; it stays.</summary>
    internal bool TryPeek(out KeptPacket packet)
    {
        if (Count == 0)
        {
            packet = default;
            return false;
        }

        var block = Header(_first);
        var entry = (PacketHeader*)((byte*)block + block->Read);
        packet = new KeptPacket(
            new Datagram(
                (nint)(entry + 1), entry->Length, entry->LocalPort, entry->ArrivalNs, entry->Source, entry->Flags),
            entry->RealTimeOffsetNs,
            entry->Rtp != 0,
            entry->Own != 0);
        return true;
    }

    /// <summary>Removes what <see cref="TryPeek"/> gave.</summary>
    internal void RemoveFirst()
    {
        var block = Header(_first);
        var entry = (PacketHeader*)((byte*)block + block->Read);
        block->Read += EntryBytes(entry->Length);
        block->OwnRtp -= entry->Rtp & entry->Own;
        block->Packets--;
        Count--;
        if (block->Packets == 0)
        {
            ReturnFirst();
        }
    }

    /// <summary>Removes the oldest block.</summary>
    /// <param name="beforeNs">Only when everything in it arrived before this.</param>
    /// <param name="evicted">What went.</param>
    internal bool TryEvict(long beforeNs, out EvictedPackets evicted)
    {
        evicted = default;
        if (_first < 0 || Header(_first)->LastNs >= beforeNs)
        {
            return false;
        }

        var block = Header(_first);
        evicted = new EvictedPackets(block->Packets, block->OwnRtp, block->LastNs);
        Count -= block->Packets;
        ReturnFirst();
        return true;
    }

    private static int EntryBytes(int length) => (sizeof(PacketHeader) + length + 7) & ~7;

    private BlockHeader* Header(int block) => (BlockHeader*)pool.Address(block);

    private bool TryGrow()
    {
        var block = pool.Rent();
        if (block < 0)
        {
            return false;
        }

        *Header(block) = new BlockHeader { Next = -1, Used = sizeof(BlockHeader), Read = sizeof(BlockHeader) };
        if (_last < 0)
        {
            _first = block;
        }
        else
        {
            Header(_last)->Next = block;
        }

        _last = block;
        return true;
    }

    private void ReturnFirst()
    {
        var block = _first;
        _first = Header(block)->Next;
        if (_first < 0)
        {
            _last = -1;
        }

        pool.Return(block);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BlockHeader
    {
        public long LastNs;
        public int Next;
        public int Used;
        public int Read;
        public int Packets;
        public int OwnRtp;
        private readonly int _padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PacketHeader
    {
        public long ArrivalNs;
        public long RealTimeOffsetNs;
        public SourceAddress Source;
        public ushort Length;
        public ushort LocalPort;
        public DatagramFlags Flags;
        public byte Rtp;
        public byte Own;
    }
}
