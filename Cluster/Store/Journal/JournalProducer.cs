using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

/// <summary>
/// One thread's way into a volume. Only one thread at a time may append and flush; what it appends is copied at once.
/// Back-pressure is an answer, not a wait: when the volume lags, appends are refused and the caller counts its loss.
/// </summary>
public sealed class JournalProducer : IDisposable
{
    private const int FlushBytes = 256 * 1024;

    private static readonly int HeaderSize = Unsafe.SizeOf<Header>();

    private readonly JournalVolume _volume;
    private readonly PinnedBlockPool _pool = new();
    private readonly Pipe _pipe;
    private readonly int _limit;
    private readonly long _flushTicks;
    private int _unflushed;
    private long _flushedAt;
    private long _outstanding;

    internal JournalProducer(JournalVolume volume, JournalOptions options)
    {
        _volume = volume;
        _limit = options.ProducerBytes;
        _flushTicks = (long)(options.CommitInterval.TotalSeconds * Stopwatch.Frequency);

        // The bound is kept here and not by the pipe: a pipe pauses its writer, and a receive thread must never wait.
        _pipe = new Pipe(new PipeOptions(
            _pool,
            PipeScheduler.Inline,
            PipeScheduler.Inline,
            pauseWriterThreshold: 0,
            minimumSegmentSize: PinnedBlockPool.BlockSize,
            useSynchronizationContext: false));
    }

    /// <summary>How full it is, 0 to 1; at 1 appends are refused. Any thread.</summary>
    public double Use => (double)BacklogBytes / _limit;

    /// <summary>Bytes appended and not yet taken over by the writer thread.</summary>
    public long BacklogBytes => Interlocked.Read(ref _outstanding);

    /// <summary>Hands over one chunk's plain text. Becomes visible to the writer with a flush: each 256 KiB, each commit
    /// interval (checked when something is appended), or by <see cref="Flush"/>.</summary>
    /// <param name="take">An open take of the same volume.</param>
    /// <param name="facts">What will stand in the chunk's header.</param>
    /// <param name="plainText">Frames, 1 to 16384 bytes; copied.</param>
    /// <returns>False when the producer's bound is reached, the take is closing or full, or the volume is fenced.</returns>
    public bool TryAppendChunk(JournalTake take, in ChunkFacts facts, ReadOnlySpan<byte> plainText)
    {
        ArgumentNullException.ThrowIfNull(take);
        ArgumentOutOfRangeException.ThrowIfZero(plainText.Length, nameof(plainText));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plainText.Length, ChunkHeader.MaxPlainText, nameof(plainText));
        var size = HeaderSize + plainText.Length;
        if (_volume.IsFenced || take.Closing || take.Appended >= ChunkPlaces.Max || BacklogBytes + size > _limit)
        {
            return false;
        }

        // A record never crosses a block: the pipe begins a new block when the rest of one is too small.
        var span = _pipe.Writer.GetSpan(size);
        MemoryMarshal.Write(span, new Header(take.Handle, plainText.Length, facts));
        plainText.CopyTo(span[HeaderSize..]);
        _pipe.Writer.Advance(size);
        Interlocked.Add(ref _outstanding, size);
        _volume.CountAccepted(size);
        take.CountAppended();
        _unflushed += size;
        if (_unflushed >= FlushBytes || Stopwatch.GetTimestamp() - _flushedAt >= _flushTicks)
        {
            Flush();
        }

        return true;
    }

    /// <summary>Makes everything appended visible to the writer thread. Call it each commit interval, and after a take's
    /// last chunk.</summary>
    public void Flush()
    {
        _flushedAt = Stopwatch.GetTimestamp();
        if (_unflushed == 0)
        {
            return;
        }

        _unflushed = 0;
        var flush = _pipe.Writer.FlushAsync();
        Debug.Assert(flush.IsCompleted, "A pipe without a threshold never makes its writer wait.");
        _volume.Wake();
    }

    /// <summary>Flushes and ends the producer; its thread must not append any more.</summary>
    public void Dispose()
    {
        Flush();
        _pipe.Writer.Complete();
        _volume.Wake();
    }

    /// <summary>What a chunk of a length counts against the bound.</summary>
    internal static int RecordSize(int plainTextLength) => HeaderSize + plainTextLength;

    /// <summary>Gives every flushed record to the writer thread.</summary>
    /// <returns>True when the producer has ended and is drained.</returns>
    internal bool Drain(ChunkSink sink)
    {
        while (_pipe.Reader.TryRead(out var result))
        {
            foreach (var block in result.Buffer)
            {
                DrainBlock(block.Span, sink);
            }

            var length = result.Buffer.Length;
            _pipe.Reader.AdvanceTo(result.Buffer.End);
            Interlocked.Add(ref _outstanding, -length);
            if (result.IsCompleted)
            {
                _pipe.Reader.Complete();
                _pool.Dispose();
                return true;
            }
        }

        return false;
    }

    private static void DrainBlock(ReadOnlySpan<byte> block, ChunkSink sink)
    {
        while (!block.IsEmpty)
        {
            var header = MemoryMarshal.Read<Header>(block);
            sink(header.Handle, header.Facts, block.Slice(HeaderSize, header.Length));
            block = block[(HeaderSize + header.Length)..];
        }
    }

    /// <summary>Takes one record; the text is valid during the call only.</summary>
    internal delegate void ChunkSink(long handle, in ChunkFacts facts, ReadOnlySpan<byte> plainText);

    private readonly record struct Header(long Handle, int Length, ChunkFacts Facts);
}
