using System.Text.Json.Nodes;
using Talreg.Evidence.Json;
using Talreg.Store.IO;

namespace Talreg.Store.Archive;

/// <summary>
/// Marks beside recordings that lie, verified, in an archive: <c>{take id}.trec.archived</c>, canonical JSON that says where. Any
/// thread; one recording is marked by one caller at a time.
/// </summary>
internal static class ArchiveMarks
{
    private const string Extension = ".archived";
    private const int Version = 1;

    /// <summary>Marks a recording, durably.</summary>
    internal static void Write(string recording, ArchivedCopy copy, DateTimeOffset at) => SmallFile.Replace(
        recording + Extension,
        CanonicalJson.Write(new JsonObject
        {
            ["archive"] = copy.Archive,
            ["bytes"] = copy.Bytes,
            ["key"] = copy.Key,
            ["sha256"] = copy.Sha256,
            ["verifiedAt"] = at.ToUnixTimeMilliseconds(),
            ["version"] = Version,
        }));

    /// <summary>What the mark says; null where there is none, or one that cannot be read: then it is archived again.</summary>
    internal static ArchivedCopy? Read(string recording)
    {
        var path = recording + Extension;
        return File.Exists(path)
            && CanonicalJson.TryParseCanonical(File.ReadAllBytes(path), out var node, out _)
            && node is JsonObject json
            && json["version"] is JsonValue version && version.TryGetValue(out int known) && known == Version
            && json["archive"] is JsonValue archive && archive.TryGetValue(out string? name)
            && json["key"] is JsonValue key && key.TryGetValue(out string? place)
            && json["bytes"] is JsonValue length && length.TryGetValue(out long bytes)
            && json["sha256"] is JsonValue hash && hash.TryGetValue(out string? sha256)
            ? new ArchivedCopy(name, place, bytes, sha256)
            : null;
    }
}
