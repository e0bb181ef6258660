using System.Text.Json;
using Talreg.Contracts.Json;
using Talreg.Store;
using Talreg.Store.IO;

namespace Talreg.Gateway.Scrub;

/// <summary>How far the scrub is; what a restart goes on from.</summary>
internal sealed record ScrubState
{
    /// <summary>When the pass began that is under way, or the last one.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last whole pass ended.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The leaf that is looked at next; everything before it was checked in this pass.</summary>
    public long NextLeaf { get; init; }

    /// <summary>The ledger's size when the pass began: where it ends, however fast calls are sealed meanwhile.</summary>
    public long EndLeaf { get; init; }

    /// <summary>Recordings marked as damaged or missing now.</summary>
    public long Damaged { get; init; }

    /// <summary>True between a pass's begin and its end.</summary>
    public bool IsUnderWay { get; init; }

    /// <summary>The state of an earlier process. None, or one that cannot be read, begins anew: a pass too many harms nobody.</summary>
    public static ScrubState Load(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize<ScrubState>(File.ReadAllBytes(path), TalregJson.Options) ?? new()
                : new();
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return new();
        }
    }

    /// <summary>Replaces the file, durably.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    public void Save(string path) =>
        SmallFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, TalregJson.Options));
}
