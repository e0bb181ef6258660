using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Talreg.Hardware;

namespace Talreg.Capture.Taps;

/// <summary>Why a tap gives nothing any more.</summary>
public enum TapEnd
{
    /// <summary>It gives.</summary>
    None,

    /// <summary>The take is over.</summary>
    TakeEnded,

    /// <summary>The machine is busy: taps are the first to go (design §5).</summary>
    Overload,

    /// <summary>The listener closed it.</summary>
    Closed,
}

/// <summary>
/// What a live take stores, as it comes: RTP of the streams' own sources, while recording is on. A pause is silent here
/// too, and a pre-buffer never comes through. One listener, on one thread at a time, that looks in when it likes; the shard's thread
/// never waits for it. What a listener too slow has no room for is dropped, the newest first, and counted.
/// </summary>
public sealed class CaptureTap
{
    /// <summary>How much may wait for the listener, in bytes: about 3 s of two G.711 streams.</summary>
    public const int MaxWaitingBytes = 64 * 1024;

    /// <summary>The longest packet that is passed on, in bytes.</summary>
    public const int MaxPacketBytes = 2048;

    // A record never crosses a block, so that each may leave as much unused as the longest record.
    private const int Blocks = (MaxWaitingBytes / (TapMemory.BlockBytes - MaxPacketBytes)) + 4;

    private static readonly int HeaderBytes = Unsafe.SizeOf<Header>();

    private readonly Pipe _pipe;
    private long _waiting;
    private long _dropped;
    private int _end;
    private bool _unflushed;
    private bool _drained;

    internal CaptureTap(CaptureTake take)
    {
        Take = take;

        // The bound is kept here and not by the pipe, and nobody awaits its reader: a flush schedules nothing.
        _pipe = new Pipe(new PipeOptions(
            new TapMemory(Blocks),
            PipeScheduler.Inline,
            PipeScheduler.Inline,
            pauseWriterThreshold: 0,
            minimumSegmentSize: TapMemory.BlockBytes,
            useSynchronizationContext: false));
    }

    /// <summary>Takes one packet; its bytes are valid during the call only.</summary>
    /// <param name="stream">0-based index of the stream in the take.</param>
    /// <param name="arrivalNs">Arrival, in nanoseconds of CLOCK_MONOTONIC.</param>
    /// <param name="packet">The RTP packet as received.</param>
    public delegate void PacketSink(int stream, long arrivalNs, ReadOnlySpan<byte> packet);

    /// <summary>Packets that were not passed on because the listener was slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Why it ended, or <see cref="TapEnd.None"/>.</summary>
    public TapEnd End => (TapEnd)Volatile.Read(ref _end);

    internal CaptureTake Take { get; }

    /// <summary>Gives what has come since the last time. Does not wait. Listener's thread.</summary>
    /// <returns>False when nothing will come any more: see <see cref="End"/>.</returns>
    public bool Drain(PacketSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        while (!_drained && _pipe.Reader.TryRead(out var result))
        {
            foreach (var block in result.Buffer)
            {
                DrainBlock(block.Span, sink);
            }

            var length = result.Buffer.Length;
            _pipe.Reader.AdvanceTo(result.Buffer.End);
            Interlocked.Add(ref _waiting, -length);
            if (result.IsCompleted)
            {
                _pipe.Reader.Complete();
                _drained = true;
            }
        }

        return !_drained;
    }

    /// <summary>Passes a packet on, or drops it. Shard thread; no allocation.</summary>
    /// <returns>False when it was dropped.</returns>
    internal bool TryOffer(ushort stream, in Datagram datagram)
    {
        var size = HeaderBytes + datagram.Length;
        if (datagram.Length > MaxPacketBytes || Interlocked.Read(ref _waiting) + size > MaxWaitingBytes)
        {
            Interlocked.Increment(ref _dropped);
            return false;
        }

        var span = _pipe.Writer.GetSpan(size);
        MemoryMarshal.Write(span, new Header(datagram.ArrivalNs, datagram.Length, stream));
        datagram.Bytes.CopyTo(span[HeaderBytes..]);
        _pipe.Writer.Advance(size);
        Interlocked.Add(ref _waiting, size);
        _unflushed = true;
        return true;
    }

    /// <summary>Lets the listener see what was passed on. Shard thread, once a sweep and not once a packet.</summary>
    internal void Flush()
    {
        if (_unflushed)
        {
            _unflushed = false;
            var flush = _pipe.Writer.FlushAsync();
            Debug.Assert(flush.IsCompleted, "A pipe without a threshold never makes its writer wait.");
        }
    }

    /// <summary>Nothing comes any more; what waits can still be drained. Shard thread; again is no error.</summary>
    internal void Complete(TapEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, (int)TapEnd.None) == (int)TapEnd.None)
        {
            _pipe.Writer.Complete();
        }
    }

    private static void DrainBlock(ReadOnlySpan<byte> block, PacketSink sink)
    {
        while (!block.IsEmpty)
        {
            var header = MemoryMarshal.Read<Header>(block);
            sink(header.Stream, header.ArrivalNs, block.Slice(HeaderBytes, header.Length));
            block = block[(HeaderBytes + header.Length)..];
        }
    }

    private readonly record struct Header(long ArrivalNs, int Length, ushort Stream);
}
