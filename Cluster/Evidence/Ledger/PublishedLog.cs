using System.Text;

namespace Talreg.Evidence.Ledger;

/// <summary>
/// What a log has published, read from its directory: the checkpoint and the tiles below it. Needs no lock and no key, may be used
/// from any thread and beside the writer. Nothing beyond the published checkpoint is given: it may still be cut.
/// </summary>
public sealed class PublishedLog
{
    /// <summary>The longest note that is read, in bytes.</summary>
    public const int MaxNoteBytes = 64 * 1024;

    internal const string CheckpointFile = "checkpoint";
    internal const string CosignedFile = "cosigned";

    private const int LevelsPerTile = 8;
    private const int MaxShift = 62;
    private readonly LogReader _reader;

    /// <summary>The view of a directory, which need not hold a log yet.</summary>
    /// <param name="directory">The tenant's directory.</param>
    public PublishedLog(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _reader = new LogReader(Path.GetFullPath(directory));
    }

    /// <summary>The newest checkpoint, a signed note; null before the first.</summary>
    /// <exception cref="LogException">It cannot be read.</exception>
    public string? ReadCheckpoint() => ReadNote(CheckpointFile);

    /// <summary>The newest checkpoint that a quorum of witnesses has cosigned; null before the first.</summary>
    /// <exception cref="LogException">It cannot be read.</exception>
    public string? ReadCosigned() => ReadNote(CosignedFile);

    /// <summary>
    /// The bytes of a tile: hashes of 32 bytes, or per entry <c>u16 length ‖ entry</c>. Null when the published tree has no such tile of
    /// that width.
    /// </summary>
    /// <exception cref="LogException">The files do not hold what the checkpoint says.</exception>
    public byte[]? ReadTile(TileAddress tile)
    {
        ArgumentNullException.ThrowIfNull(tile);
        var shift = (tile.Level ?? 0) * LevelsPerTile;
        if (tile.Number < 0 || tile.Width is < 1 or > TilePath.Width || shift > MaxShift
            || tile.Number > long.MaxValue / TilePath.Width - 1)
        {
            return null;
        }

        var end = (tile.Number * TilePath.Width) + tile.Width;
        if (end > PublishedSize() >> shift)
        {
            return null;
        }

        return tile.Level is { } level
            ? _reader.ReadHashes(level, tile.Number, tile.Width)
            : _reader.ReadExactly(TilePath.Entries(tile.Number), 0, tile.Width * LogReader.EntryWidth);
    }

    private long PublishedSize()
    {
        var note = ReadCheckpoint();
        return note is null ? 0
            : SignedNote.TryParse(note, out var signed, out var reason)
                && Checkpoint.TryParse(signed.Text, out var checkpoint, out reason)
                ? checkpoint.Size
                : throw new LogException(LogFault.Corrupt, $"The published checkpoint cannot be read: {reason}.");
    }

    private string? ReadNote(string name)
    {
        var length = _reader.LengthOf(name);
        if (length > MaxNoteBytes)
        {
            throw new LogException(LogFault.Corrupt, $"{name} is longer than {MaxNoteBytes} bytes.");
        }

        try
        {
            return length == 0 ? null : File.ReadAllText(_reader.FullPath(name), Encoding.UTF8);
        }
        catch (IOException error)
        {
            throw new LogException(LogFault.Device, $"{name} cannot be read: {error.Message}", error);
        }
    }
}
