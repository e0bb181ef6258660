using Talreg.Evidence.Crypto;

namespace Talreg.Store.Recordings;

/// <summary>
/// Copies the chunks of several takes out of the journal in one pass, in the order in which they lie there, whichever take's
/// they are: what lies together is read together. One thread.
/// </summary>
internal sealed class RecordingBatch(IReadOnlyList<RecordingWriter> writers) : IDisposable
{
    private readonly PriorityQueue<RecordingWriter, (ulong Sequence, uint Offset)> _next = new(writers.Count);
    private readonly Sha256Hasher _sha256 = new();
    private readonly SegmentReader _reader = new();

    /// <summary>Bytes read of the journal.</summary>
    internal long BytesRead => _reader.BytesRead;

    /// <summary>Writes every file to its end and onto stable storage. What failed says so in its writer, and is gone.</summary>
    internal void Write(CancellationToken cancellationToken)
    {
        foreach (var writer in writers)
        {
            writer.Begin();
            if (writer.HasChunk)
            {
                _next.Enqueue(writer, writer.NextPlace);
            }
        }

        while (_next.TryDequeue(out var writer, out _))
        {
            Copy(writer, cancellationToken);
        }

        foreach (var writer in writers)
        {
            writer.Finish();
        }

        // All of them are on their way to the disk by now, so that the first of these waits for nearly all.
        foreach (var writer in writers)
        {
            writer.Sync();
        }
    }

    public void Dispose()
    {
        _sha256.Dispose();
        _reader.Dispose();
    }

    private void Copy(RecordingWriter? writer, CancellationToken cancellationToken)
    {
        while (writer is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            writer.CopyNext(_reader, _sha256);
            writer = writer.HasChunk ? _next.EnqueueDequeue(writer, writer.NextPlace) : null;
        }
    }
}
