using System.Buffers.Binary;
using System.Globalization;

namespace Talreg.Store.Recordings;

/// <summary>Where a recording lies (FORMAT.md §5).</summary>
internal static class RecordingPath
{
    internal const string Extension = ".trec";

    internal static string Root(string directory) => Path.Combine(directory, "recordings");

    /// <summary>The date is that of the take id, so that the path follows from the id alone.</summary>
    internal static string Of(string directory, string tenant, Guid takeId) =>
        Path.Combine(Root(directory), Key(tenant, takeId));

    /// <summary>The path within the folder of recordings, and the name in an archive.</summary>
    internal static string Key(string tenant, Guid takeId)
    {
        Span<byte> id = stackalloc byte[16];
        takeId.TryWriteBytes(id, bigEndian: true, out _);

        // RFC 9562 §5.7: the first 48 bits are Unix milliseconds.
        var ms = (long)(BinaryPrimitives.ReadUInt64BigEndian(id) >> 16);
        var day = DateTimeOffset.FromUnixTimeMilliseconds(
            Math.Min(ms, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
        return Path.Combine(
            tenant,
            day.ToString("yyyy", CultureInfo.InvariantCulture),
            day.ToString("MM", CultureInfo.InvariantCulture),
            day.ToString("dd", CultureInfo.InvariantCulture),
            takeId.ToString("D") + Extension);
    }
}
