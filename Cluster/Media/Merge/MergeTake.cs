using Talreg.Media.Timeline;

namespace Talreg.Media.Merge;

/// <summary>One take of a call, to be merged with others.</summary>
public sealed record MergeTake
{
    /// <summary>Its start, monotonic nanoseconds.</summary>
    public required long StartNs { get; init; }

    /// <summary>Its end on the same clock.</summary>
    public required long EndNs { get; init; }

    /// <summary>What makes that clock Unix time, in nanoseconds.</summary>
    public required long RealTimeOffsetNs { get; init; }

    /// <summary>Its streams; their packets are kept by reference.</summary>
    public required IReadOnlyList<AudioStream> Streams { get; init; }

    /// <summary>When it was told not to store.</summary>
    public IReadOnlyList<MergePause> Pauses { get; init; } = [];
}

/// <summary>A time in which a take stored nothing, or not everything, because it was told so.</summary>
/// <param name="Stream">The stream's place in the take; null for all.</param>
/// <param name="FromNs">From when, Unix nanoseconds.</param>
/// <param name="ToNs">To when.</param>
public readonly record struct MergePause(int? Stream, long FromNs, long ToNs);
