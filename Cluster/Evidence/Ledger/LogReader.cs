using System.Buffers.Binary;
using System.Globalization;

namespace Talreg.Evidence.Ledger;

/// <summary>
/// Reads the files of a log (FORMAT.md §6). Every read opens what it needs and closes it again, so any thread may read what
/// was acknowledged while the log grows.
/// </summary>
internal sealed class LogReader(string directory)
{
    /// <summary>Bytes an entry takes in a tile: <c>u16 length ‖ entry</c>.</summary>
    internal const int EntryWidth = 2 + LedgerEntry.Length;

    /// <summary>Bytes of an idempotency key's record: <c>SHA-256 of the key ‖ u64 checkpoint size</c>.</summary>
    internal const int KeyWidth = MerkleTree.HashLength + 8;

    private const int MinOpening = LedgerOpening.SaltLength + 1;
    private const int MaxOpening = LedgerOpening.SaltLength + LedgerOpening.MaxBodyLength;

    internal string FullPath(string relative) => Path.Combine(directory, relative);

    /// <summary>The first hashes of a tile, 32 bytes each.</summary>
    internal byte[] ReadHashes(int level, long tile, int count) =>
        ReadExactly(TilePath.Hashes(level, tile), 0, count * MerkleTree.HashLength);

    internal byte[] ReadEntry(long index) => ReadEntries(index, 1)[0].ToArray();

    /// <summary>Entries that lie in one tile.</summary>
    internal ReadOnlyMemory<byte>[] ReadEntries(long index, int count)
    {
        var offset = index % TilePath.Width * EntryWidth;
        var records = ReadExactly(TilePath.Entries(index / TilePath.Width), offset, count * EntryWidth);
        var entries = new ReadOnlyMemory<byte>[count];
        for (var i = 0; i < count; i++)
        {
            var record = records.AsMemory(i * EntryWidth, EntryWidth);
            if (BinaryPrimitives.ReadUInt16BigEndian(record.Span) != LedgerEntry.Length)
            {
                throw new LogException(
                    LogFault.Corrupt, Text($"Entry {index + i} does not have the length of an entry."));
            }

            entries[i] = record[2..];
        }

        return entries;
    }

    internal LedgerOpening ReadOpening(long index)
    {
        var path = TilePath.Openings(index / TilePath.Width);
        var within = (int)(index % TilePath.Width);
        var offset = OpeningOffset(index / TilePath.Width, within);
        var length = OpeningLength(ReadExactly(path, offset, 4))
            ?? throw new LogException(LogFault.Corrupt, Text($"Opening {index} has an impossible length."));
        var bytes = ReadExactly(path, offset + 4, length);
        return new LedgerOpening(bytes.AsMemory(0, LedgerOpening.SaltLength), bytes.AsMemory(LedgerOpening.SaltLength));
    }

    internal byte[] ReadKeys(long tile, int count) => ReadExactly(TilePath.Keys(tile), 0, count * KeyWidth);

    /// <summary>Where an opening starts in its file: the lengths before it are walked.</summary>
    internal long OpeningOffset(long tile, int within)
    {
        if (within == 0)
        {
            return 0;
        }

        var (whole, offset) = WalkOpenings(tile, within);
        return whole == within
            ? offset
            : throw new LogException(
                LogFault.Corrupt, Text($"Opening file {tile} holds {whole} openings where {within} are expected."));
    }

    /// <summary>How many whole openings a file holds, at most <paramref name="limit"/>, and where they end.</summary>
    internal (int Whole, long End) WalkOpenings(long tile, int limit)
    {
        var path = FullPath(TilePath.Openings(tile));
        if (!File.Exists(path))
        {
            return (0, 0);
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var size = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[4];
        var end = 0L;
        for (var whole = 0; whole < limit; whole++)
        {
            if (RandomAccess.Read(file, prefix, end) < 4
                || OpeningLength(prefix) is not { } length || end + 4 + length > size)
            {
                return (whole, end);
            }

            end += 4 + length;
        }

        return (limit, end);
    }

    /// <summary>The bytes of a file, or 0 when there is none.</summary>
    internal long LengthOf(string relative)
    {
        var file = new FileInfo(FullPath(relative));
        return file.Exists ? file.Length : 0;
    }

    internal byte[] ReadExactly(string relative, long offset, int length)
    {
        var bytes = new byte[length];
        if (length == 0)
        {
            return bytes;
        }

        try
        {
            using var file = File.OpenHandle(FullPath(relative), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var read = 0;
            while (read < length)
            {
                var count = RandomAccess.Read(file, bytes.AsSpan(read), offset + read);
                if (count == 0)
                {
                    throw new LogException(
                        LogFault.Corrupt, Text($"{relative} ends before byte {offset + length} of what was kept."));
                }

                read += count;
            }
        }
        catch (IOException error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LogException(LogFault.Corrupt, $"{relative} is missing.", error);
        }

        return bytes;
    }

    private static int? OpeningLength(ReadOnlySpan<byte> prefix) =>
        BinaryPrimitives.ReadUInt32BigEndian(prefix) is >= MinOpening and <= MaxOpening and var length
            ? (int)length
            : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// The nodes of a tree of one size, from its tiles. Keeps the tiles it read: make one per proof. Reads a few tiles per eight
/// levels, never a whole log.
/// </summary>
internal sealed class TileNodes(LogReader reader, long size) : IMerkleNodes
{
    private const int LevelsPerTile = 8;
    private readonly Dictionary<(int Level, long Tile), byte[]> _tiles = [];

    public byte[] Node(int level, long index)
    {
        var tileLevel = level / LevelsPerTile;
        var height = level % LevelsPerTile;
        var first = index << height;
        var tile = Tile(tileLevel, first / TilePath.Width);
        var hashes = tile.AsSpan((int)(first % TilePath.Width) * MerkleTree.HashLength);
        return SubtreeRoot(hashes[..(MerkleTree.HashLength << height)]);
    }

    /// <summary>The root of a power of two of hashes.</summary>
    internal static byte[] SubtreeRoot(ReadOnlySpan<byte> hashes)
    {
        if (hashes.Length == MerkleTree.HashLength)
        {
            return hashes.ToArray();
        }

        var half = hashes.Length / 2;
        return MerkleTree.HashNode(SubtreeRoot(hashes[..half]), SubtreeRoot(hashes[half..]));
    }

    private byte[] Tile(int level, long tile)
    {
        if (!_tiles.TryGetValue((level, tile), out var hashes))
        {
            var atLevel = size >> (level * LevelsPerTile);
            var count = (int)Math.Min(TilePath.Width, atLevel - (tile * TilePath.Width));
            hashes = reader.ReadHashes(level, tile, count);
            _tiles.Add((level, tile), hashes);
        }

        return hashes;
    }
}
