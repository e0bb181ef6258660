using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Talreg.Evidence.Ledger;

/// <summary>Where a log stands.</summary>
/// <param name="Size">Its entries.</param>
/// <param name="Root">The root over them, 32 bytes.</param>
public sealed record LogHead(long Size, ReadOnlyMemory<byte> Root);

/// <summary>One entry to append.</summary>
/// <param name="Entry">The entry; its sequence is the index it will have.</param>
/// <param name="Opening">What opens its commitment.</param>
/// <param name="KeyHash">SHA-256 of the event's idempotency key.</param>
public sealed record LogItem(LedgerEntry Entry, LedgerOpening Opening, ReadOnlyMemory<byte> KeyHash);

/// <summary>The idempotency record of an entry.</summary>
/// <param name="Leaf">The entry's index.</param>
/// <param name="KeyHash">SHA-256 of the event's key.</param>
/// <param name="CheckpointSize">Size of the first checkpoint that covers it.</param>
public sealed record LogKeyRecord(long Leaf, ReadOnlyMemory<byte> KeyHash, long CheckpointSize);

/// <summary>
/// A log in files: tiles of hashes and entries (C2SP tlog-tiles), and beside them openings and idempotency keys. One writer at a
/// time, held by a lock on the directory; reads below <see cref="Head"/> are safe from any thread meanwhile. Blocks on the device.
/// </summary>
public sealed class LogFiles : IDisposable
{
    /// <summary>The most entries in one append.</summary>
    public const int MaxBatch = 1024;

    private const string TimestampFolder = "timestamps";
    private const string TokenSuffix = ".tst";
    private readonly LogReader _reader;
    private readonly FileStream _lock;
    private CompactRange _range = new();
    private long _openingsEnd;
    private volatile LogHead _head;
    private volatile bool _fenced;

    private LogFiles(LogReader reader, FileStream @lock)
    {
        _reader = reader;
        _lock = @lock;
        _head = new LogHead(0, MerkleTree.EmptyRoot());
    }

    /// <summary>The last append that succeeded, or the head at opening.</summary>
    public LogHead Head => _head;

    /// <summary>Opens a log, or makes an empty one.</summary>
    /// <param name="directory">The tenant's directory.</param>
    /// <param name="expectedHead">The durable head; entries beyond it were never acknowledged and are cut. Null takes what
    /// all files hold whole.</param>
    /// <exception cref="LogException">The log is in use, shorter than its head, or not the one the head names.</exception>
    public static LogFiles Open(string directory, LogHead? expectedHead)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var full = Path.GetFullPath(directory);
        DurableFile.CreateDirectory(full);
        var files = new LogFiles(new LogReader(full), Lock(full));
        var opened = false;
        try
        {
            files.Recover(expectedHead);
            opened = true;
            return files;
        }
        finally
        {
            if (!opened)
            {
                files.Dispose();
            }
        }
    }

    /// <summary>Appends entries; when it returns they are on stable storage and the root is that of what was read back.</summary>
    /// <param name="batch">1 to <see cref="MaxBatch"/> entries, numbered on from the head.</param>
    /// <returns>The new head.</returns>
    /// <exception cref="LogException">The device failed or gave other bytes back; nothing of the batch counts, and the log is
    /// fenced until it is opened anew.</exception>
    public LogHead Append(IReadOnlyList<LogItem> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_fenced)
        {
            throw new LogException(LogFault.Fenced, "An earlier append failed; the log must be opened anew.");
        }

        Check(batch);

        // Lifted only by success: after a failure nobody knows what the files hold.
        _fenced = true;
        try
        {
            var head = Write(batch);
            _head = head;
            _fenced = false;
            return head;
        }
        catch (IOException error)
        {
            throw new LogException(LogFault.Device, $"The ledger's device failed: {error.Message}", error);
        }
    }

    /// <summary>Publishes a signed checkpoint beside the tiles, durably.</summary>
    public void PublishCheckpoint(string note) => Publish(PublishedLog.CheckpointFile, note);

    /// <summary>Publishes the newest checkpoint that a quorum of witnesses has cosigned, durably.</summary>
    public void PublishCosigned(string note) => Publish(PublishedLog.CosignedFile, note);

    /// <summary>The newest checkpoint with a quorum of cosignatures, or null when there is none.</summary>
    public string? ReadCosigned() => Read(PublishedLog.CosignedFile);

    /// <summary>Keeps a checkpoint with its RFC 3161 timestamp, durably; those before it stay.</summary>
    /// <param name="size">The checkpoint's size.</param>
    /// <param name="note">The checkpoint, whose bytes were stamped.</param>
    /// <param name="token">The timestamp token, DER.</param>
    public void KeepTimestamp(long size, string note, byte[] token)
    {
        ArgumentNullException.ThrowIfNull(token);
        DurableFile.CreateDirectory(_reader.FullPath(TimestampFolder));

        // The note first: a token without its note would be of nothing.
        Publish(TimestampName(size), note);
        Replace(TimestampName(size) + TokenSuffix, token);
    }

    /// <summary>The newest checkpoint with a timestamp, and the token; null when there is none.</summary>
    public (string Note, byte[] Token)? ReadTimestamp()
    {
        var folder = _reader.FullPath(TimestampFolder);
        if (!Directory.Exists(folder))
        {
            return null;
        }

        var newest = Directory.EnumerateFiles(folder, "*" + TokenSuffix)
            .Select(path => long.TryParse(
                Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                    ? size
                    : -1)
            .DefaultIfEmpty(-1)
            .Max();
        return newest >= 0 && Read(TimestampName(newest)) is { } note
            ? (note, File.ReadAllBytes(_reader.FullPath(TimestampName(newest) + TokenSuffix)))
            : null;
    }

    /// <summary>The published checkpoint, or null when none was.</summary>
    public string? ReadCheckpoint() => Read(PublishedLog.CheckpointFile);

    /// <summary>The first hashes of a tile, joined, 32 bytes each.</summary>
    public byte[] ReadHashes(int level, long tile, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfNegative(tile);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, TilePath.Width);
        return _reader.ReadHashes(level, tile, count);
    }

    /// <summary>The 58 bytes of an entry.</summary>
    public byte[] ReadEntry(long index)
    {
        RequireLeaf(index);
        return _reader.ReadEntry(index);
    }

    /// <summary>The opening of an entry.</summary>
    public LedgerOpening ReadOpening(long index)
    {
        RequireLeaf(index);
        return _reader.ReadOpening(index);
    }

    /// <summary>The idempotency records from a leaf on, in order.</summary>
    /// <param name="from">The first leaf.</param>
    /// <param name="count">At most so many; less where the log ends.</param>
    public IReadOnlyList<LogKeyRecord> ReadKeys(long from, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var end = Math.Min(_head.Size, from + count);
        var records = new List<LogKeyRecord>((int)Math.Max(0, end - from));
        for (var leaf = from; leaf < end;)
        {
            var tile = leaf / TilePath.Width;
            var start = tile * TilePath.Width;
            var bytes = _reader.ReadKeys(tile, (int)Math.Min(TilePath.Width, end - start));
            for (; leaf < end && leaf < start + TilePath.Width; leaf++)
            {
                var record = bytes.AsMemory((int)(leaf - start) * LogReader.KeyWidth, LogReader.KeyWidth);
                var checkpoint = BinaryPrimitives.ReadInt64BigEndian(record.Span[MerkleTree.HashLength..]);
                records.Add(new LogKeyRecord(leaf, record[..MerkleTree.HashLength], checkpoint));
            }
        }

        return records;
    }

    /// <summary>The root of the first <paramref name="size"/> entries, from the tiles.</summary>
    public byte[] Root(long size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, _head.Size);
        return MerkleTree.Root(new TileNodes(_reader, size), size);
    }

    /// <summary>The audit path of a leaf in the tree of that size; reads a few tiles.</summary>
    public IReadOnlyList<byte[]> InclusionProof(long leaf, long size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, _head.Size);
        return MerkleTree.InclusionProof(new TileNodes(_reader, size), leaf, size);
    }

    /// <summary>The proof that the log of size <paramref name="first"/> is a prefix of the second.</summary>
    public IReadOnlyList<byte[]> ConsistencyProof(long first, long second)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(second, _head.Size);
        return MerkleTree.ConsistencyProof(new TileNodes(_reader, second), first, second);
    }

    /// <summary>Releases the lock on the directory.</summary>
    public void Dispose() => _lock.Dispose();

    private void Publish(string name, string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        Replace(name, Encoding.UTF8.GetBytes(note));
    }

    private void Replace(string name, byte[] content)
    {
        try
        {
            DurableFile.Replace(_reader.FullPath(name), content);
        }
        catch (IOException error)
        {
            throw new LogException(LogFault.Device, $"The ledger's device failed: {error.Message}", error);
        }
    }

    private string? Read(string name)
    {
        var path = _reader.FullPath(name);
        return File.Exists(path) ? File.ReadAllText(path, Encoding.UTF8) : null;
    }

    private static string TimestampName(long size) =>
        string.Create(CultureInfo.InvariantCulture, $"{TimestampFolder}/{size}");

    private static FileStream Lock(string directory)
    {
        try
        {
            return new FileStream(
                Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new LogException(LogFault.InUse, $"The log in {directory} is in use.", error);
        }
    }

    private void Recover(LogHead? expected)
    {
        var recovery = new LogRecovery(_reader);
        var size = expected?.Size ?? recovery.FindSize();
        var published = PublishedSize();
        if (published > size)
        {
            throw new LogException(
                LogFault.HeadBehindCheckpoint,
                Text($"A checkpoint of {published} entries was published, and the head says {size}."));
        }

        recovery.CutTo(size);
        recovery.CheckEnd(size);
        _range = CompactRange.Load(new TileNodes(_reader, size), size);
        _openingsEnd = _reader.OpeningOffset(size / TilePath.Width, (int)(size % TilePath.Width));
        _head = new LogHead(size, _range.Root());
        if (expected is not null && !expected.Root.Span.SequenceEqual(_head.Root.Span))
        {
            throw new LogException(LogFault.RootDiffers, Text($"The root over {size} entries is not the head's."));
        }
    }

    private long PublishedSize()
    {
        var note = ReadCheckpoint();
        if (note is null)
        {
            return 0;
        }

        return SignedNote.TryParse(note, out var signed, out var reason)
            && Checkpoint.TryParse(signed.Text, out var checkpoint, out reason)
            ? checkpoint.Size
            : throw new LogException(LogFault.Corrupt, $"The published checkpoint cannot be read: {reason}.");
    }

    private void Check(IReadOnlyList<LogItem> batch)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Count, nameof(batch));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Count, MaxBatch, nameof(batch));
        for (var i = 0; i < batch.Count; i++)
        {
            var item = batch[i];
            if (item.Entry.Sequence != _head.Size + i
                || item.KeyHash.Length != MerkleTree.HashLength
                || !item.Entry.Commitment.Span.SequenceEqual(item.Opening.Commitment()))
            {
                throw new ArgumentException(
                    Text($"Item {i} is not numbered from {_head.Size}, or its opening is another's."), nameof(batch));
            }
        }
    }

    private LogHead Write(IReadOnlyList<LogItem> batch)
    {
        var from = _head.Size;
        var size = from + batch.Count;
        var encoded = new LogBatch(batch, size);
        using var files = new DurableBatch();
        WriteFixed(files, TilePath.Entries, from, encoded.Entries, LogReader.EntryWidth);
        WriteOpenings(files, from, encoded.Openings);
        WriteFixed(files, TilePath.Keys, from, encoded.Keys, LogReader.KeyWidth);
        WriteFixed(files, tile => TilePath.Hashes(0, tile), from, encoded.Hashes, MerkleTree.HashLength);
        WriteUpperLevels(files, from, size);
        files.Sync();
        return ReadBack(from, size);
    }

    private void WriteFixed(
        DurableBatch files, Func<long, string> path, long from, ReadOnlySpan<byte> data, int width)
    {
        for (var index = from; data.Length > 0;)
        {
            var within = index % TilePath.Width;
            var count = (int)Math.Min(TilePath.Width - within, data.Length / width);
            files.Write(_reader.FullPath(path(index / TilePath.Width)), within * width, data[..(count * width)]);
            data = data[(count * width)..];
            index += count;
        }
    }

    private void WriteOpenings(DurableBatch files, long from, IReadOnlyList<byte[]> openings)
    {
        for (var i = 0; i < openings.Count;)
        {
            var tile = (from + i) / TilePath.Width;
            var within = (int)((from + i) % TilePath.Width);
            var count = Math.Min(TilePath.Width - within, openings.Count - i);
            var data = Join(openings, i, count);
            var offset = within == 0 ? 0 : _openingsEnd;
            files.Write(_reader.FullPath(TilePath.Openings(tile)), offset, data);
            _openingsEnd = offset + data.Length;
            i += count;
        }
    }

    private static byte[] Join(IReadOnlyList<byte[]> parts, int from, int count)
    {
        var joined = new byte[Enumerable.Range(from, count).Sum(i => parts[i].Length)];
        var at = 0;
        for (var i = from; i < from + count; i++)
        {
            parts[i].CopyTo(joined, at);
            at += parts[i].Length;
        }

        return joined;
    }

    /// <summary>Every tile that became full gives one hash to the level above.</summary>
    private void WriteUpperLevels(DurableBatch files, long from, long size)
    {
        for (var level = 1; ; level++)
        {
            var (first, end) = (from >> (8 * level), size >> (8 * level));
            if (first == end)
            {
                return;
            }

            var hashes = new byte[(int)(end - first) * MerkleTree.HashLength];
            for (var tile = first; tile < end; tile++)
            {
                var root = TileNodes.SubtreeRoot(_reader.ReadHashes(level - 1, tile, TilePath.Width));
                root.CopyTo(hashes, (int)(tile - first) * MerkleTree.HashLength);
            }

            var path = level;
            WriteFixed(files, tile => TilePath.Hashes(path, tile), first, hashes, MerkleTree.HashLength);
        }
    }

    /// <summary>The root twice: over the entries as they are now in the files, and over the tiles. They must agree.</summary>
    private LogHead ReadBack(long from, long size)
    {
        var range = _range.Copy();
        for (var index = from; index < size;)
        {
            var count = (int)Math.Min(TilePath.Width - (index % TilePath.Width), size - index);
            foreach (var entry in _reader.ReadEntries(index, count))
            {
                range.Append(MerkleTree.HashLeaf(entry.Span));
            }

            index += count;
        }

        var root = range.Root();
        if (!root.AsSpan().SequenceEqual(MerkleTree.Root(new TileNodes(_reader, size), size)))
        {
            throw new LogException(LogFault.Corrupt, Text($"Entries and tiles read back give two roots over {size}."));
        }

        _range = range;
        return new LogHead(size, root);
    }

    private void RequireLeaf(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _head.Size);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
