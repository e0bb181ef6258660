using Talreg.Store.IO;

namespace Talreg.Store.Recordings;

/// <summary>Reads rising places of a file through a window. One thread.</summary>
/// <param name="file">The file; stays its owner's.</param>
/// <param name="window">How much is read at once, in bytes; the most that can be asked for.</param>
/// <param name="pace">Told what is read, before anybody sees it; null reads as fast as it can.</param>
internal sealed class SequentialReader(NativeFile file, int window, IReadPace? pace)
{
    private readonly byte[] _window = new byte[window];
    private long _start;
    private int _length;

    /// <summary>The bytes of a place; valid until the next call.</summary>
    /// <exception cref="StoreException">The file ends before, or cannot be read.</exception>
    internal ReadOnlySpan<byte> Read(long offset, int length)
    {
        if (offset < _start || offset + length > _start + _length)
        {
            _start = offset;
            _length = file.Read(_window, offset);
            pace?.Spend(_length);
        }

        var from = (int)(offset - _start);
        return from + length <= _length
            ? _window.AsSpan(from, length)
            : throw new StoreException($"{file.Path}: ends too early");
    }
}
