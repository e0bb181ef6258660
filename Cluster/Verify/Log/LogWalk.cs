using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary>Walks every entry of a log once, in order, and builds the tree over them.</summary>
internal sealed class LogWalk(Findings findings, string folder, Checkpoint checkpoint)
{
    private const int TileWidth = 256;
    private const int EntryLength = 58;
    private const byte Heartbeat = 7;

    /// <summary>A minute, and what a busy machine may be late.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(2.5);

    private static readonly string[] Types =
    [
        "", "seal", "gap", "listen", "policy", "decision", "start", "heartbeat", "loginFailures", "searchExport", "key",
    ];

    private readonly List<(int Height, byte[] Hash)> _edge = [];
    private readonly long[] _counts = new long[Types.Length];
    private readonly List<string> _silences = [];
    private long _silenceCount;
    private long? _lastBeatMs;

    /// <summary>Runs all checks.</summary>
    public void Run()
    {
        for (var tile = 0L; tile * TileWidth < checkpoint.Size; tile++)
        {
            var width = (int)Math.Min(TileWidth, checkpoint.Size - (tile * TileWidth));
            if (!ReadTile(tile, width))
            {
                return;
            }
        }

        var found = string.Join(", ", Types.Select((name, i) => (Name: name, Count: _counts[i]))
            .Where(type => type.Count > 0).Select(type => $"{type.Count} {type.Name}"));
        findings.Pass(
            CheckNames.LogEntries, "log", $"entries 0 to {checkpoint.Size - 1} are there, each in its place: {found}");
        findings.Check(
            CheckNames.LogRoot,
            "log",
            Root().AsSpan().SequenceEqual(checkpoint.Root),
            "the tree over the entries has the checkpoint's root",
            "the tree over the entries has another root than the checkpoint");
        TellSilences();
    }

    private bool ReadTile(long tile, int width)
    {
        if (Find(tile, width) is not { } path)
        {
            findings.Fail(CheckNames.LogEntries, $"tile {tile}", $"is missing, or holds fewer than {width} entries");
            return false;
        }

        using var file = File.OpenRead(path);
        var prefix = new byte[2];
        for (var i = 0; i < width; i++)
        {
            var index = (tile * TileWidth) + i;
            if (file.ReadAtLeast(prefix, 2, throwOnEndOfStream: false) < 2
                || BinaryPrimitives.ReadUInt16BigEndian(prefix) != EntryLength)
            {
                findings.Fail(CheckNames.LogEntries, $"entry {index}", "is missing, or has not the length of an entry");
                return false;
            }

            var entry = new byte[EntryLength];
            if (file.ReadAtLeast(entry, EntryLength, throwOnEndOfStream: false) < EntryLength)
            {
                findings.Fail(CheckNames.LogEntries, $"entry {index}", "ends early");
                return false;
            }

            if (!Take(entry, index))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The whole tile, or the partial one of just this width.</summary>
    private string? Find(long tile, int width)
    {
        var path = Path.Combine(folder, "tile", "entries", Number(tile));
        var partial = Path.Combine(path + ".p", width.ToString(CultureInfo.InvariantCulture));
        return File.Exists(path) ? path : File.Exists(partial) ? partial : null;
    }

    private bool Take(byte[] entry, long index)
    {
        var type = entry[1];
        var wrong = entry[0] != 1 ? "is not version 1"
            : type == 0 || type >= Types.Length ? $"is of type {type}, which is unknown"
            : BinaryPrimitives.ReadUInt64BigEndian(entry.AsSpan(2)) != (ulong)index ? "has another sequence number"
            : null;
        if (wrong is not null)
        {
            findings.Fail(CheckNames.LogEntries, $"entry {index}", wrong);
            return false;
        }

        _counts[type]++;
        if (type == Heartbeat)
        {
            Beat(BinaryPrimitives.ReadInt64BigEndian(entry.AsSpan(10)), index);
        }

        Add(SHA256.HashData([0x00, .. entry]));
        return true;
    }

    private void Beat(long unixMs, long index)
    {
        if (_lastBeatMs is { } last && unixMs - last > LongestSilence.TotalMilliseconds)
        {
            _silenceCount++;
            if (_silences.Count < Limits.MaxFailuresPerCheck)
            {
                var seconds = (unixMs - last) / 1000;
                _silences.Add(string.Create(CultureInfo.InvariantCulture, $"{seconds} s before entry {index}"));
            }
        }

        _lastBeatMs = unixMs;
    }

    /// <summary>A silence is no forgery: the recorder was off, and says so by saying nothing.</summary>
    private void TellSilences()
    {
        if (_counts[Heartbeat] == 0)
        {
            findings.Skip(CheckNames.LogHeartbeats, "log", "no heartbeat: silence of the recorder cannot be told");
            return;
        }

        findings.Pass(
            CheckNames.LogHeartbeats,
            "log",
            _silenceCount == 0
                ? $"{_counts[Heartbeat]} heartbeats, none more than {LongestSilence.TotalSeconds} s after the last"
                : $"{_counts[Heartbeat]} heartbeats with {_silenceCount} silences: {string.Join(", ", _silences)}");
        if (_silenceCount > 0)
        {
            findings.Leave("In the silences between heartbeats no recorder kept the log; see the check for when.");
        }
    }

    private void Add(byte[] hash)
    {
        var height = 0;
        while (_edge.Count > 0 && _edge[^1].Height == height)
        {
            hash = SHA256.HashData([0x01, .. _edge[^1].Hash, .. hash]);
            _edge.RemoveAt(_edge.Count - 1);
            height++;
        }

        _edge.Add((height, hash));
    }

    private byte[] Root()
    {
        if (_edge.Count == 0)
        {
            return SHA256.HashData([]);
        }

        var hash = _edge[^1].Hash;
        for (var i = _edge.Count - 2; i >= 0; i--)
        {
            hash = SHA256.HashData([0x01, .. _edge[i].Hash, .. hash]);
        }

        return hash;
    }

    /// <summary>A tile's number as C2SP tlog-tiles writes it: 1234067 is <c>x001/x234/067</c>.</summary>
    private static string Number(long number)
    {
        var path = (number % 1000).ToString("D3", CultureInfo.InvariantCulture);
        for (var rest = number / 1000; rest > 0; rest /= 1000)
        {
            path = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:D3}/{path}");
        }

        return path;
    }
}
