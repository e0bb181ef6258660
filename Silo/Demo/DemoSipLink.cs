using System.Net;
using System.Net.Sockets;

namespace Talreg.Silo.Demo;

/// <summary>One SIP connection to the recorder, UDP or TCP; used by one task at a time.</summary>
internal sealed class DemoSipLink : IDisposable
{
    private const int MaxMessage = 65_536;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[MaxMessage];
    private int _filled;

    private DemoSipLink(Socket socket, DemoTransport transport)
    {
        _socket = socket;
        Transport = transport;
    }

    public DemoTransport Transport { get; }

    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    public static async Task<DemoSipLink> ConnectAsync(
        IPEndPoint recorder, DemoTransport transport, CancellationToken cancellationToken)
    {
        var socket = transport == DemoTransport.Tcp
            ? new Socket(recorder.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(recorder.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            await socket.ConnectAsync(recorder, cancellationToken).ConfigureAwait(false);
            return new DemoSipLink(socket, transport);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        while (!message.IsEmpty)
        {
            var sent = await _socket.SendAsync(message, cancellationToken).ConfigureAwait(false);
            message = message[sent..];
        }
    }

    /// <summary>The next message; null when the recorder closed the connection or overran the buffer.</summary>
    public async Task<DemoSipMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Transport == DemoTransport.Udp)
            {
                var length = await _socket.ReceiveAsync(_buffer, cancellationToken).ConfigureAwait(false);
                if (DemoSipMessage.Read(_buffer.AsSpan(0, length)) is { } datagram)
                {
                    return datagram;
                }

                continue;
            }

            if (TakeBuffered() is { } message)
            {
                return message;
            }

            var read = _filled == _buffer.Length
                ? 0
                : await _socket.ReceiveAsync(_buffer.AsMemory(_filled), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            _filled += read;
        }
    }

    public void Dispose() => _socket.Dispose();

    private DemoSipMessage? TakeBuffered()
    {
        var bytes = _buffer.AsSpan(0, _filled);
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0 || DemoSipMessage.Read(bytes[..(head + 4)]) is not { } header)
        {
            return null;
        }

        var total = head + 4L + header.ContentLength;
        if (total > _filled)
        {
            return null;
        }

        var message = DemoSipMessage.Read(bytes[..(int)total]);
        bytes[(int)total..].CopyTo(bytes);
        _filled -= (int)total;
        return message;
    }
}
