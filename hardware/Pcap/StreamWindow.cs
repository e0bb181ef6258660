namespace Talreg.Hardware.Pcap;

/// <summary>
/// Reads a stream in pieces that lie whole in pinned memory. A piece is valid until the next is taken. One thread.
/// </summary>
internal sealed class StreamWindow(Stream stream)
{
    private const int LeastBytes = 64;
    private const int MostBytes = 256 * 1024;

    // No more than a short file needs.
    private byte[] _buffer = Allocate(
        stream.CanSeek ? (int)Math.Clamp(stream.Length - stream.Position, LeastBytes, MostBytes) : MostBytes);
    private int _from;
    private int _to;

    /// <summary>Where the next piece begins, from the start of the stream.</summary>
    internal long Offset { get; private set; }

    /// <summary>True when nothing follows.</summary>
    internal bool IsAtEnd => !Fill(1);

    /// <summary>The next bytes, without taking them.</summary>
    /// <exception cref="CaptureFileException">The stream ends before.</exception>
    internal ReadOnlySpan<byte> Peek(int count) => Fill(count)
        ? _buffer.AsSpan(_from, count)
        : throw new CaptureFileException(
            CaptureFileFault.Truncated, Offset, $"The file ends where {count} bytes should be");

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="CaptureFileException">The stream ends before.</exception>
    internal ReadOnlySpan<byte> Take(int count)
    {
        var piece = Peek(count);
        _from += count;
        Offset += count;
        return piece;
    }

    private bool Fill(int count)
    {
        if (_to - _from >= count)
        {
            return true;
        }

        Room(count);
        while (_to - _from < count)
        {
            var read = stream.Read(_buffer, _to, _buffer.Length - _to);
            if (read == 0)
            {
                return false;
            }

            _to += read;
        }

        return true;
    }

    private void Room(int count)
    {
        var target = _buffer;
        if (count > _buffer.Length)
        {
            target = Allocate(count);
        }

        Buffer.BlockCopy(_buffer, _from, target, 0, _to - _from);
        _to -= _from;
        _from = 0;
        _buffer = target;
    }

    private static byte[] Allocate(int bytes) => GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
}
