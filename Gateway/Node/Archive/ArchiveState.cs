using System.Text.Json;
using Talreg.Contracts.Json;
using Talreg.Store;
using Talreg.Store.IO;

namespace Talreg.Gateway.Archive;

/// <summary>How far archiving is; what a restart goes on from.</summary>
/// <param name="Archive">The archive's name: another one begins anew.</param>
/// <param name="NextLeaf">The leaf of the ledger that is looked at next.</param>
internal sealed record ArchiveState(string Archive, long NextLeaf)
{
    /// <summary>
    /// The state of an earlier process. None, one of another archive, or one that cannot be read begins anew: what is marked as
    /// archived is not put again.
    /// </summary>
    public static ArchiveState Load(string path, string archive)
    {
        try
        {
            return File.Exists(path)
                && JsonSerializer.Deserialize<ArchiveState>(File.ReadAllBytes(path), TalregJson.Options) is { } state
                && state.Archive == archive
                ? state
                : new ArchiveState(archive, 0);
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return new ArchiveState(archive, 0);
        }
    }

    /// <summary>Replaces the file, durably.</summary>
    /// <exception cref="StoreException">It cannot be written.</exception>
    public void Save(string path) =>
        SmallFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, TalregJson.Options));
}
