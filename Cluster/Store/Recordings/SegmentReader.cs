using System.Buffers;
using Talreg.Store.Journal;

namespace Talreg.Store.Recordings;

/// <summary>
/// Reads chunks of journal segments in rising order. How much it reads at once doubles while the chunks asked for lie close
/// together, as those of takes sealed together do, and falls back to the chunk alone where they lie far apart.
/// </summary>
internal sealed class SegmentReader : IDisposable
{
    private const int MaxWindow = 1024 * 1024;

    private byte[] _window = ArrayPool<byte>.Shared.Rent(MaxWindow);
    private JournalSegment? _segment;
    private long _start;
    private int _length;
    private int _ahead;

    /// <summary>Bytes read so far.</summary>
    internal long BytesRead { get; private set; }

    /// <summary>The bytes of a place; valid until the next call.</summary>
    /// <exception cref="StoreException">The file ends before, or cannot be read.</exception>
    internal ReadOnlySpan<byte> Read(JournalSegment segment, in ChunkPlace place)
    {
        var end = _start + _length;
        if (segment != _segment || place.Offset < _start || place.Offset + place.Length > end)
        {
            var isNear = segment == _segment && place.Offset >= _start && place.Offset <= end + _ahead;
            _ahead = Math.Max(place.Length, isNear ? Math.Min(MaxWindow, 2 * _ahead) : 0);
            _segment = segment;
            _start = place.Offset;
            _length = segment.File.Read(_window.AsSpan(0, _ahead), place.Offset);
            BytesRead += _length;
        }

        var from = (int)(place.Offset - _start);
        return from + place.Length <= _length
            ? _window.AsSpan(from, place.Length)
            : throw new StoreException($"{segment.Path}: ends inside a chunk at {place.Offset}");
    }

    /// <summary>Gives the window back.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_window);
        _window = [];
    }
}
