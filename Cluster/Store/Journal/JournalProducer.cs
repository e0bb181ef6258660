using System.Diagnostics;
using Talreg.Evidence.Chunks;

namespace Talreg.Store.Journal;

/// <summary>
/// One thread's way into the journal. Only one thread at a time may append and flush; what it appends is copied at once.
/// Back-pressure is an answer, not a wait: when a volume lags, appends are refused and the caller counts its loss.
/// </summary>
public sealed class JournalProducer : IDisposable
{
    private const int FlushBytes = 256 * 1024;

    private readonly TakeJournal _journal;
    private readonly ProducerLane[] _lanes;
    private readonly long _flushTicks;
    private long _flushedAt;

    internal JournalProducer(TakeJournal journal, ProducerLane[] lanes)
    {
        _journal = journal;
        _lanes = lanes;
        _flushTicks = (long)(journal.Options.CommitInterval.TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>How full its fullest lane is, 0 to 1; at 1 appends to that writer are refused. Any thread.</summary>
    public double Use
    {
        get
        {
            long fullest = 0;
            foreach (var lane in _lanes)
            {
                fullest = Math.Max(fullest, lane.BacklogBytes);
            }

            return (double)fullest / _journal.Options.ProducerBytes;
        }
    }

    /// <summary>Bytes appended and not yet taken over by the writer threads.</summary>
    public long BacklogBytes
    {
        get
        {
            long bytes = 0;
            foreach (var lane in _lanes)
            {
                bytes += lane.BacklogBytes;
            }

            return bytes;
        }
    }

    /// <summary>Hands over one chunk's plain text. Becomes visible to the writer with a flush: each 256 KiB, each commit
    /// interval (checked when something is appended), or by <see cref="Flush"/>.</summary>
    /// <param name="take">An open take of the same journal.</param>
    /// <param name="facts">What will stand in the chunk's header.</param>
    /// <param name="plainText">Frames, 1 to 16384 bytes; copied.</param>
    /// <returns>False when the producer's bound for the take's writer is reached, the take is closing or full, or no volume
    /// is left.</returns>
    public bool TryAppendChunk(JournalTake take, in ChunkFacts facts, ReadOnlySpan<byte> plainText)
    {
        ArgumentNullException.ThrowIfNull(take);
        ArgumentOutOfRangeException.ThrowIfZero(plainText.Length, nameof(plainText));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plainText.Length, ChunkHeader.MaxPlainText, nameof(plainText));
        var lane = _lanes[take.Writer];
        if (_journal.IsFenced
            || take.Closing
            || take.Appended >= ChunkPlaces.Max
            || !lane.TryAppend(take.Handle, facts, plainText))
        {
            return false;
        }

        _journal.CountAccepted(RecordSize(plainText.Length));
        take.CountAppended();
        if (lane.Unflushed >= FlushBytes)
        {
            lane.Flush();
        }

        if (Stopwatch.GetTimestamp() - _flushedAt >= _flushTicks)
        {
            Flush();
        }

        return true;
    }

    /// <summary>Makes everything appended visible to the writer threads. Call it each commit interval, and after a take's
    /// last chunk.</summary>
    public void Flush()
    {
        _flushedAt = Stopwatch.GetTimestamp();
        foreach (var lane in _lanes)
        {
            lane.Flush();
        }
    }

    /// <summary>Flushes and ends the producer; its thread must not append any more.</summary>
    public void Dispose()
    {
        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }
    }

    /// <summary>What a chunk of a length counts against the bound.</summary>
    internal static int RecordSize(int plainTextLength) => ProducerLane.RecordSize(plainTextLength);

    /// <summary>Takes one record; the text is valid during the call only.</summary>
    internal delegate void ChunkSink(long handle, in ChunkFacts facts, ReadOnlySpan<byte> plainText);
}
