using System.Globalization;

namespace Talreg.Evidence.Ledger;

/// <summary>
/// Brings the files of a log back to its head when it is opened. What lies beyond the head was never acknowledged, because the
/// head is made durable first, and is cut; what is missing below the head is never papered over.
/// </summary>
internal sealed class LogRecovery(LogReader reader)
{
    private const int MaxLevels = 8;

    /// <summary>Tiles that one unacknowledged batch may reach beyond the tile of the head.</summary>
    private const int MaxTilesBeyond = (LogFiles.MaxBatch / TilePath.Width) + 1;

    /// <summary>Makes every file end exactly at <paramref name="size"/>.</summary>
    internal void CutTo(long size)
    {
        var tile = size / TilePath.Width;
        var within = (int)(size % TilePath.Width);
        if (File.Exists(reader.FullPath(TilePath.Entries(tile + MaxTilesBeyond + 1))))
        {
            throw new LogException(
                LogFault.LongerThanHead,
                Text($"The files go on more than one batch beyond the head at {size}: the head is too old."));
        }

        RequireBelow(size);
        CutFixed(TilePath.Entries, tile, (long)within * LogReader.EntryWidth);
        CutFixed(TilePath.Keys, tile, (long)within * LogReader.KeyWidth);
        CutFixed(TilePath.Openings, tile, reader.OpeningOffset(tile, within));
        for (var level = 0; level < MaxLevels; level++)
        {
            var hashes = size >> (level * 8);
            var (path, number) = (level, hashes / TilePath.Width);
            CutFixed(n => TilePath.Hashes(path, n), number, hashes % TilePath.Width * MerkleTree.HashLength);
        }
    }

    /// <summary>The entries that all files hold whole: where a log without a known head ends.</summary>
    internal long FindSize()
    {
        var tile = 0L;
        while (IsFull(tile))
        {
            tile++;
        }

        return (tile * TilePath.Width) + WholeIn(tile);
    }

    /// <summary>Checks the last tiles: entries against leaf hashes, and openings against entries.</summary>
    internal void CheckEnd(long size)
    {
        var first = Math.Max(0, (size - 1) / TilePath.Width * TilePath.Width);
        if (size == 0)
        {
            return;
        }

        var hashes = reader.ReadHashes(0, first / TilePath.Width, (int)(size - first));
        for (var index = first; index < size; index++)
        {
            var hash = hashes.AsSpan((int)(index - first) * MerkleTree.HashLength, MerkleTree.HashLength);
            if (!hash.SequenceEqual(MerkleTree.HashLeaf(reader.ReadEntry(index))))
            {
                throw new LogException(LogFault.Corrupt, Text($"Entry {index} does not have the hash in its tile."));
            }
        }
    }

    private void RequireBelow(long size)
    {
        var tile = size / TilePath.Width;
        var within = (int)(size % TilePath.Width);
        if (WholeIn(tile) < within || (tile > 0 && WholeIn(tile - 1) < TilePath.Width))
        {
            throw new LogException(
                LogFault.ShorterThanHead,
                Text($"The head says {size} entries, and the files hold fewer: something acknowledged is lost."));
        }

        for (var level = 1; level < MaxLevels && size >> (level * 8) > 0; level++)
        {
            var hashes = size >> (level * 8);
            if (reader.LengthOf(TilePath.Hashes(level, hashes / TilePath.Width))
                < hashes % TilePath.Width * MerkleTree.HashLength)
            {
                throw new LogException(
                    LogFault.ShorterThanHead, Text($"The tiles of level {level} hold less than {size} entries need."));
            }
        }
    }

    private bool IsFull(long tile) => WholeIn(tile) == TilePath.Width;

    private int WholeIn(long tile)
    {
        var whole = Math.Min(
            reader.LengthOf(TilePath.Entries(tile)) / LogReader.EntryWidth,
            Math.Min(
                reader.LengthOf(TilePath.Hashes(0, tile)) / MerkleTree.HashLength,
                reader.LengthOf(TilePath.Keys(tile)) / LogReader.KeyWidth));
        return reader.WalkOpenings(tile, (int)Math.Min(whole, TilePath.Width)).Whole;
    }

    private void CutFixed(Func<long, string> path, long tile, long length)
    {
        for (var beyond = tile + MaxTilesBeyond; beyond > tile; beyond--)
        {
            var file = reader.FullPath(path(beyond));
            if (File.Exists(file))
            {
                DurableFile.Delete(file);
            }
        }

        var last = reader.FullPath(path(tile));
        if (!File.Exists(last))
        {
            return;
        }

        if (length == 0)
        {
            DurableFile.Delete(last);
        }
        else if (new FileInfo(last).Length > length)
        {
            DurableFile.Cut(last, length);
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
