using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Transport;

/// <summary>
/// One connection: a read loop that cuts messages out of a pipe, and a write loop behind a bounded queue. Whatever goes
/// wrong closes this connection only; dialogs outlive it.
/// </summary>
internal sealed class TcpConnection : IAsyncDisposable
{
    /// <summary>How long a close waits for the last answers to leave.</summary>
    private static readonly TimeSpan FlushWait = TimeSpan.FromSeconds(1);

    private static readonly byte[] Pong = "\r\n"u8.ToArray();

    private readonly Socket _socket;
    private readonly SipLimits _limits;
    private readonly TimeProvider _timeProvider;
    private readonly ISipTransportSink _sink;
    private readonly Channel<byte[]> _sends;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loops = Task.CompletedTask;

    public TcpConnection(
        Socket socket, SipFlow flow, SipLimits limits, TimeProvider timeProvider, ISipTransportSink sink)
    {
        (_socket, Flow, _limits, _timeProvider, _sink) = (socket, flow, limits, timeProvider, sink);
        _sends = Channel.CreateBounded<byte[]>(limits.MaxQueuedSends);
    }

    public SipFlow Flow { get; }

    /// <summary>Starts both loops; <paramref name="closed"/> is called once when both have ended.</summary>
    public void Start(Action<long> closed) => _loops = RunAsync(closed);

    /// <summary>Queues a message. A peer that does not read its answers loses the connection.</summary>
    public bool TrySend(byte[] message)
    {
        var queued = _sends.Writer.TryWrite(message);
        if (!queued)
        {
            Abort();
        }

        return queued;
    }

    public async ValueTask DisposeAsync()
    {
        _sends.Writer.TryComplete();
        try
        {
            await _flushed.Task.WaitAsync(FlushWait, _timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The peer does not read: what is queued for it is lost with the connection.
            _sends.Writer.TryComplete();
        }

        Abort();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Abort()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer was faster: the connection is closed, which is what was wanted.
            _sends.Writer.TryComplete();
        }

        _sends.Writer.TryComplete();
    }

    private async Task RunAsync(Action<long> closed)
    {
        await Task.Yield();
        var stream = new NetworkStream(_socket, ownsSocket: true);
        await using (stream.ConfigureAwait(false))
        {
            var writes = WriteAsync(stream);
            await ReadAsync(stream).ConfigureAwait(false);
            _sends.Writer.TryComplete();
            await writes.ConfigureAwait(false);
        }

        closed(Flow.Connection);
    }

    private async Task WriteAsync(NetworkStream stream)
    {
        try
        {
            await foreach (var message in _sends.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                await stream.WriteAsync(message, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            Abort();
        }
        finally
        {
            _flushed.TrySetResult();
        }
    }

    private async Task ReadAsync(NetworkStream stream)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 8_192, leaveOpen: true));
        try
        {
            var framer = new StreamFramer(_limits);
            long? begun = null;
            while (true)
            {
                // The time for a message runs from its first byte: one that drips in does not win more of it.
                var wait = begun is { } start
                    ? _limits.MessageCompletion - _timeProvider.GetElapsedTime(start)
                    : _limits.ConnectionIdle;
                using var timeout = new CancellationTokenSource(
                    wait > TimeSpan.Zero ? wait : TimeSpan.Zero, _timeProvider);
                timeout.Token.ThrowIfCancellationRequested();
                var result = await reader.ReadAsync(timeout.Token).ConfigureAwait(false);
                var buffer = result.Buffer;
                var framed = FrameResult.NeedMore;
                do
                {
                    framed = framer.Next(buffer, out var message, out var consumed, out var fault);
                    buffer = buffer.Slice(consumed);
                    begun = framed == FrameResult.NeedMore ? begun : null;
                    if (!await HandleAsync(framed, message, fault, _stop.Token).ConfigureAwait(false))
                    {
                        return;
                    }
                }
                while (framed is FrameResult.Message or FrameResult.KeepAlivePing);

                begun = framer.HasBegun ? begun ?? _timeProvider.GetTimestamp() : null;
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            Abort();
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> HandleAsync(
        FrameResult framed, byte[] message, SipFault fault, CancellationToken cancellationToken)
    {
        switch (framed)
        {
            case FrameResult.Message:
                await _sink.OnStreamMessageAsync(Flow, message, cancellationToken).ConfigureAwait(false);
                return true;
            case FrameResult.KeepAlivePing:
                // Two line ends ask, one answers (RFC 5626 §4.4.1).
                return TrySend(Pong);
            case FrameResult.Broken:
                _sink.OnStreamBroken(Flow, fault.ToString());
                return false;
            default:
                return true;
        }
    }
}
