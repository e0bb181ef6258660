using System.Buffers.Binary;
using Talreg.Store.IO;

namespace Talreg.Store.Journal;

/// <summary>How a segment ends.</summary>
/// <param name="End">Behind the last record of the unbroken run from the front.</param>
/// <param name="TornBytes">Bytes behind it that are not zero-filled space.</param>
/// <param name="Damage">What is wrong at <paramref name="End"/> when it lies in the committed part; else null.</param>
internal readonly record struct SegmentEnd(long End, long TornBytes, string? Damage);

/// <summary>Walks the records of one segment through a window, so that a segment is never in memory whole.</summary>
internal sealed class SegmentScanner(IDataFile file, Guid segment)
{
    private const int WindowSize = 4 * RecordFrame.MaxBody;

    private readonly long _length = file.Length;
    private readonly byte[] _window = new byte[WindowSize];
    private long _windowStart;
    private int _windowLength;
    private long _marked;

    /// <summary>Takes one record.</summary>
    internal delegate void RecordSink(RecordType type, long offset, ReadOnlySpan<byte> body);

    /// <summary>Gives every record from the front until one does not hold.</summary>
    internal SegmentEnd Scan(RecordSink sink)
    {
        long offset = SegmentHeader.Size;
        string? reason;
        while (true)
        {
            var rest = Window(offset, RecordFrame.HeaderSize + RecordFrame.MaxBody);
            if (!RecordFrame.TryRead(rest, segment, offset, out var type, out var length, out reason))
            {
                break;
            }

            var body = rest.Slice(RecordFrame.HeaderSize, length);
            NoteMark(type, offset, body);
            sink(type, offset, body);
            offset += RecordFrame.HeaderSize + length;
        }

        var torn = ScanTail(offset);

        // Only a mark that lies further on can say that bytes from here were once confirmed.
        return _marked > offset
            ? new SegmentEnd(offset, torn, $"{reason} at {offset}, yet {_marked} bytes were committed")
            : new SegmentEnd(offset, torn, null);
    }

    // Looks for commit marks behind the break, and for the last byte that was ever written.
    private long ScanTail(long start)
    {
        var last = start;
        const int Overlap = RecordFrame.HeaderSize + RecordFrame.MaxBody;
        for (var offset = start; offset < _length;)
        {
            var rest = Window(offset, WindowSize);
            if (rest.IsEmpty)
            {
                break;
            }

            var written = rest.LastIndexOfAnyExcept((byte)0);
            last = written < 0 ? last : Math.Max(last, offset + written + 1);
            var step = offset + rest.Length >= _length ? rest.Length : rest.Length - Overlap;
            FindMarks(rest, step, offset);
            offset += step;
        }

        return last - start;
    }

    private void FindMarks(ReadOnlySpan<byte> bytes, int limit, long offset)
    {
        for (var from = 0; from < limit;)
        {
            var found = bytes[from..].IndexOf(RecordFrame.Magic);
            if (found < 0 || from + found >= limit)
            {
                return;
            }

            var rest = bytes[(from + found)..];
            var place = offset + from + found;
            if (RecordFrame.TryRead(rest, segment, place, out var type, out var length, out _))
            {
                NoteMark(type, place, rest.Slice(RecordFrame.HeaderSize, length));
            }

            from += found + 1;
        }
    }

    private void NoteMark(RecordType type, long offset, ReadOnlySpan<byte> body)
    {
        if (type == RecordType.CommitMark && body.Length == 8)
        {
            var marked = BinaryPrimitives.ReadInt64BigEndian(body);
            _marked = marked <= offset ? Math.Max(_marked, marked) : _marked;
        }
    }

    private ReadOnlySpan<byte> Window(long offset, int wanted)
    {
        var skip = offset - _windowStart;
        var atEnd = _windowStart + _windowLength >= _length;
        if (skip < 0 || skip > _windowLength || (skip + wanted > _windowLength && !atEnd))
        {
            _windowStart = offset;
            _windowLength = file.Read(_window, offset);
            skip = 0;
        }

        return _window.AsSpan((int)skip, _windowLength - (int)skip);
    }
}
