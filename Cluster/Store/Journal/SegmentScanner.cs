using System.Buffers.Binary;
using System.Globalization;
using Talreg.Store.IO;

namespace Talreg.Store.Journal;

/// <summary>How a segment ends, and what is wrong before that.</summary>
/// <param name="End">Behind the last record that holds.</param>
/// <param name="TornBytes">Bytes behind it that are not zero-filled space.</param>
/// <param name="Confirmed">Everything before it was confirmed by a sync, as the newest commit mark says.</param>
/// <param name="DamagedAt">Where the first damage in the committed part begins; -1 when there is none.</param>
/// <param name="Damage">What is wrong there; null when nothing is.</param>
internal readonly record struct SegmentEnd(
    long End, long TornBytes, long Confirmed, long DamagedAt, string? Damage);

/// <summary>Walks the records of one segment through a window, so that a segment is never in memory whole.</summary>
internal sealed class SegmentScanner(IDataFile file, Guid segment)
{
    private const int WindowSize = 4 * RecordFrame.MaxBody;
    private const int Overlap = RecordFrame.HeaderSize + RecordFrame.MaxBody;

    private readonly long _length = file.Length;
    private readonly byte[] _window = new byte[Math.Min(WindowSize, file.Length)];
    private long _windowStart;
    private int _windowLength;
    private long _marked;
    private long _written = -1;

    /// <summary>Takes one record.</summary>
    internal delegate void RecordSink(RecordType type, long offset, ReadOnlySpan<byte> body);

    /// <summary>Gives every record that holds, up to where nothing says that what follows was ever committed.</summary>
    /// <param name="sink">Takes the records.</param>
    /// <param name="damaged">Told each damaged place of the committed part, before the records behind it.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    internal SegmentEnd Scan(RecordSink sink, Action<long> damaged, CancellationToken cancellationToken)
    {
        long damagedAt = -1;
        string? damage = null;
        var places = 0;
        long offset = SegmentHeader.Size;
        while (true)
        {
            var reason = Walk(ref offset, sink, cancellationToken);
            if (_written < 0)
            {
                ScanTail(offset, cancellationToken);
            }

            // Only a mark that lies further on can say that bytes from here were once confirmed.
            if (_marked <= offset)
            {
                break;
            }

            if (places++ == 0)
            {
                (damagedAt, damage) = (offset, reason);
            }

            damaged(offset);

            if (NextRecord(offset + 1, cancellationToken) is not { } next)
            {
                break;
            }

            offset = next;
        }

        var torn = Math.Max(0, _written - offset);
        return damage is null
            ? new SegmentEnd(offset, torn, _marked, -1, null)
            : new SegmentEnd(offset, torn, _marked, damagedAt, string.Create(
                CultureInfo.InvariantCulture,
                $"{damage} at {damagedAt}{(places > 1 ? $" and {places - 1} more places" : "")}, "
                + $"yet {_marked} bytes were committed"));
    }

    // Gives the records from a place on until one does not hold; the reason why that does not.
    private string Walk(ref long offset, RecordSink sink, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rest = Window(offset, Overlap);
            if (!RecordFrame.TryRead(rest, segment, offset, out var type, out var length, out var reason))
            {
                return reason!;
            }

            var body = rest.Slice(RecordFrame.HeaderSize, length);
            NoteMark(type, offset, body);
            sink(type, offset, body);
            offset += RecordFrame.HeaderSize + length;
        }
    }

    // Looks for commit marks behind a break, to the end of the file, and for the last byte that was ever written.
    private void ScanTail(long start, CancellationToken cancellationToken)
    {
        _written = start;
        for (var offset = start; offset < _length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var bytes = Window(offset, WindowSize);
            if (bytes.IsEmpty)
            {
                return;
            }

            var written = bytes.LastIndexOfAnyExcept((byte)0);
            _written = written < 0 ? _written : Math.Max(_written, offset + written + 1);
            var step = Step(offset, bytes);
            for (var at = Find(bytes, 0, step, offset); at >= 0; at = Find(bytes, at + 1, step, offset))
            {
                RecordFrame.TryRead(bytes[at..], segment, offset + at, out var type, out var length, out _);
                NoteMark(type, offset + at, bytes.Slice(at + RecordFrame.HeaderSize, length));
            }

            offset += step;
        }
    }

    // The next place at which a record holds.
    private long? NextRecord(long start, CancellationToken cancellationToken)
    {
        for (var offset = start; offset < _length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var bytes = Window(offset, WindowSize);
            if (bytes.IsEmpty)
            {
                break;
            }

            var step = Step(offset, bytes);
            if (Find(bytes, 0, step, offset) is >= 0 and var at)
            {
                return offset + at;
            }

            offset += step;
        }

        return null;
    }

    // A record that begins before the step ends lies in the window whole.
    private int Step(long offset, ReadOnlySpan<byte> bytes) =>
        offset + bytes.Length >= _length || bytes.Length <= Overlap ? bytes.Length : bytes.Length - Overlap;

    // The first record that holds at or behind a place in the window; -1 when none begins before the limit.
    private int Find(ReadOnlySpan<byte> bytes, int from, int limit, long offset)
    {
        while (from < limit)
        {
            var found = bytes[from..].IndexOf(RecordFrame.Magic);
            if (found < 0 || from + found >= limit)
            {
                break;
            }

            from += found;
            if (RecordFrame.TryRead(bytes[from..], segment, offset + from, out _, out _, out _))
            {
                return from;
            }

            from++;
        }

        return -1;
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
