using System.ComponentModel;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
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
    private readonly Func<CancellationToken, Task<OpenStream>> _openAsync;
    private readonly SipLimits _limits;
    private readonly TimeProvider _timeProvider;
    private readonly ISipTransportSink _sink;
    private readonly Channel<byte[]> _sends;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loops = Task.CompletedTask;

    /// <summary>Makes a connection; nothing is opened yet.</summary>
    /// <param name="socket">Accepted, or still to be connected.</param>
    /// <param name="openAsync">Makes it a stream.</param>
    /// <param name="flow">What is known of it so far.</param>
    /// <param name="limits">The maxima.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="sink">What takes in messages.</param>
    public TcpConnection(
        Socket socket, Func<CancellationToken, Task<OpenStream>> openAsync, SipFlow flow, SipLimits limits,
        TimeProvider timeProvider, ISipTransportSink sink)
    {
        (_socket, _openAsync, Flow, _limits, _timeProvider, _sink) =
            (socket, openAsync, flow, limits, timeProvider, sink);
        _sends = Channel.CreateBounded<byte[]>(limits.MaxQueuedSends);
    }

    /// <summary>Where messages come from; the certificate's names are there from the first message on.</summary>
    public SipFlow Flow { get; private set; }

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
        if (await OpenAsync().ConfigureAwait(false) is { } open)
        {
            Flow = Flow with
            {
                CertificateNames = open.CertificateNames,
                Local = (IPEndPoint?)_socket.LocalEndPoint ?? Flow.Local,
            };
            await using (open.Stream.ConfigureAwait(false))
            {
                var writes = WriteAsync(open.Stream);
                await ReadAsync(open.Stream).ConfigureAwait(false);
                _sends.Writer.TryComplete();
                await writes.ConfigureAwait(false);
            }
        }

        _sends.Writer.TryComplete();
        _flushed.TrySetResult();
        closed(Flow.Connection);
    }

    private async Task<OpenStream?> OpenAsync()
    {
        using var timeout = new CancellationTokenSource(_limits.ConnectionSetup, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            return await _openAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException or AuthenticationException
            or OperationCanceledException or ObjectDisposedException or Win32Exception)
        {
            _sink.OnConnectionFailed(
                Flow.Remote, Flow.Transport.Kind, timeout.IsCancellationRequested ? "too slow" : exception.Message);
            _socket.Dispose();
            return null;
        }
    }

    private async Task WriteAsync(Stream stream)
    {
        try
        {
            await foreach (var message in _sends.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                await stream.WriteAsync(message, _stop.Token).ConfigureAwait(false);
                await stream.FlushAsync(_stop.Token).ConfigureAwait(false);
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

    private async Task ReadAsync(Stream stream)
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
