namespace Talreg.Gateway.Scrub;

/// <summary>How often and how fast sealed recordings are checked again.</summary>
public sealed record ScrubOptions
{
    /// <summary>Where the progress is kept.</summary>
    public required string StateFile { get; init; }

    /// <summary>The most read of recordings, in bytes a second, above 0.</summary>
    public long BytesPerSecond { get; init; } = 16L << 20;

    /// <summary>From the begin of one pass to that of the next; a pass that takes longer is followed by the next at once.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromDays(30);
}
