using Apache.Arrow;
using Apache.Arrow.Ipc;

namespace Talreg.Api.Http;

/// <summary>Writes record batches in the Arrow IPC streaming format to a stream that takes asynchronous writes only.</summary>
/// <remarks>Each batch is laid out in memory first, so what is held is one batch.</remarks>
internal sealed class ArrowStream : IDisposable
{
    private readonly MemoryStream _buffer = new();
    private readonly ArrowStreamWriter _writer;
    private readonly Stream _destination;

    public ArrowStream(Stream destination, Schema schema)
    {
        _destination = destination;
        _writer = new ArrowStreamWriter(_buffer, schema, leaveOpen: true);
    }

    /// <summary>Writes a batch and disposes it.</summary>
    public async ValueTask WriteAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        using (batch)
        {
            await _writer.WriteRecordBatchAsync(batch, cancellationToken).ConfigureAwait(false);
        }

        await DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the schema when there was no batch, and the end-of-stream mark.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await _writer.WriteStartAsync(cancellationToken).ConfigureAwait(false);
        await _writer.WriteEndAsync(cancellationToken).ConfigureAwait(false);
        await DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _buffer.Dispose();
    }

    private async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        await _destination.WriteAsync(_buffer.GetBuffer().AsMemory(0, (int)_buffer.Length), cancellationToken)
            .ConfigureAwait(false);
        _buffer.SetLength(0);
    }
}
