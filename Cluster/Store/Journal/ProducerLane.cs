using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

/// <summary>The way of one producer to one writer: a pipe of plain text, bounded.</summary>
internal sealed class ProducerLane : IDisposable
{
    private static readonly int HeaderSize = Unsafe.SizeOf<Header>();

    private readonly JournalWriter _writer;
    private readonly PinnedBlockPool _pool = new();
    private readonly Pipe _pipe;
    private readonly int _limit;
    private long _outstanding;

    internal ProducerLane(JournalWriter writer, int limit)
    {
        _writer = writer;
        _limit = limit;

        // The bound is kept here and not by the pipe: a pipe pauses its writer, and a receive thread must never wait.
        _pipe = new Pipe(new PipeOptions(
            _pool,
            PipeScheduler.Inline,
            PipeScheduler.Inline,
            pauseWriterThreshold: 0,
            minimumSegmentSize: PinnedBlockPool.BlockSize,
            useSynchronizationContext: false));
    }

    /// <summary>Bytes appended and not yet taken over by the writer thread.</summary>
    internal long BacklogBytes => Interlocked.Read(ref _outstanding);

    /// <summary>Bytes appended and not yet flushed. The producer's thread.</summary>
    internal int Unflushed { get; private set; }

    /// <summary>What a chunk of a length counts against the bound.</summary>
    internal static int RecordSize(int plainTextLength) => HeaderSize + plainTextLength;

    /// <summary>Copies one chunk in; false when the bound is reached. The producer's thread.</summary>
    internal bool TryAppend(long handle, in ChunkFacts facts, ReadOnlySpan<byte> plainText)
    {
        var size = RecordSize(plainText.Length);
        if (BacklogBytes + size > _limit)
        {
            return false;
        }

        // A record never crosses a block: the pipe begins a new block when the rest of one is too small.
        var span = _pipe.Writer.GetSpan(size);
        MemoryMarshal.Write(span, new Header(handle, plainText.Length, facts));
        plainText.CopyTo(span[HeaderSize..]);
        _pipe.Writer.Advance(size);
        Interlocked.Add(ref _outstanding, size);
        Unflushed += size;
        return true;
    }

    /// <summary>Makes everything appended visible to the writer thread. The producer's thread.</summary>
    internal void Flush()
    {
        if (Unflushed == 0)
        {
            return;
        }

        Unflushed = 0;
        var flush = _pipe.Writer.FlushAsync();
        Debug.Assert(flush.IsCompleted, "A pipe without a threshold never makes its writer wait.");
        _writer.Wake();
    }

    /// <summary>Flushes; nothing is appended any more. The producer's thread.</summary>
    public void Dispose()
    {
        Flush();
        _pipe.Writer.Complete();
        _writer.Wake();
    }

    /// <summary>Gives every flushed record to the writer thread.</summary>
    /// <returns>True when the producer has ended and is drained.</returns>
    internal bool Drain(JournalProducer.ChunkSink sink)
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

    private static void DrainBlock(ReadOnlySpan<byte> block, JournalProducer.ChunkSink sink)
    {
        while (!block.IsEmpty)
        {
            var header = MemoryMarshal.Read<Header>(block);
            sink(header.Handle, header.Facts, block.Slice(HeaderSize, header.Length));
            block = block[(HeaderSize + header.Length)..];
        }
    }

    private readonly record struct Header(long Handle, int Length, ChunkFacts Facts);
}
