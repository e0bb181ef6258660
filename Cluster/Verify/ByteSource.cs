namespace Talreg.Verify;

/// <summary>Bytes at offsets, from memory or from a stream that can seek. One thread.</summary>
internal abstract class ByteSource
{
    private const int WindowBytes = 1 << 20;

    /// <summary>Bytes there are.</summary>
    public abstract long Length { get; }

    /// <summary>Reads exactly <paramref name="length"/> bytes. The memory stays valid; the caller must not write to it.</summary>
    /// <exception cref="EndOfStreamException">The range is not within the source.</exception>
    public abstract ReadOnlyMemory<byte> Read(long offset, int length);

    /// <summary>A part of this source.</summary>
    public ByteSource Slice(long offset, long length) => new Part(this, offset, length);

    /// <summary>The source in windows of at most 1 MiB, so that a large member is never in memory as a whole.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Windows()
    {
        for (var at = 0L; at < Length; at += WindowBytes)
        {
            yield return Read(at, (int)Math.Min(WindowBytes, Length - at));
        }
    }

    public static ByteSource Of(ReadOnlyMemory<byte> memory) => new Memory(memory);

    /// <summary>Reads through a stream that can seek; takes another into memory, up to the named limit.</summary>
    /// <returns>Null when the stream is over the limit.</returns>
    public static ByteSource? Of(Stream stream)
    {
        if (stream.CanSeek)
        {
            return new Seekable(stream);
        }

        using var buffer = new MemoryStream();
        var window = new byte[WindowBytes];
        for (int read; (read = stream.Read(window, 0, window.Length)) > 0;)
        {
            if (buffer.Length + read > Limits.MaxBufferedBytes)
            {
                return null;
            }

            buffer.Write(window, 0, read);
        }

        return new Memory(buffer.ToArray());
    }

    private static void CheckRange(long offset, long length, long available)
    {
        if (offset < 0 || length < 0 || offset > available - length)
        {
            throw new EndOfStreamException($"No {length} bytes at offset {offset} of {available}.");
        }
    }

    private sealed class Memory(ReadOnlyMemory<byte> memory) : ByteSource
    {
        public override long Length => memory.Length;

        public override ReadOnlyMemory<byte> Read(long offset, int length)
        {
            CheckRange(offset, length, memory.Length);
            return memory.Slice((int)offset, length);
        }
    }

    private sealed class Seekable(Stream stream) : ByteSource
    {
        public override long Length { get; } = stream.Length;

        public override ReadOnlyMemory<byte> Read(long offset, int length)
        {
            CheckRange(offset, length, Length);
            var buffer = new byte[length];
            stream.Position = offset;
            stream.ReadExactly(buffer);
            return buffer;
        }
    }

    private sealed class Part(ByteSource whole, long start, long length) : ByteSource
    {
        public override long Length => length;

        public override ReadOnlyMemory<byte> Read(long offset, int count)
        {
            CheckRange(offset, count, length);
            return whole.Read(start + offset, count);
        }
    }
}
