namespace Talreg.Gateway.Ownership;

/// <summary>How long the members of an interface wait for each other.</summary>
internal static class OwnershipTiming
{
    /// <summary>Between two heartbeats.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// An owner that was silent for longer is suspected; one that stood still for longer asks whether it is the owner.
    /// </summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);

    /// <summary>So much longer each further standby waits, so that the first in line is the first to ask.</summary>
    public static readonly TimeSpan PerRank = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How long a standby waits for an owner that it has never heard: a start takes longer than a beat.
    /// </summary>
    public static readonly TimeSpan FirstSilence = TimeSpan.FromSeconds(5);

    /// <summary>Between two attempts to take over.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the database is asked how the interface stands, when nothing else gives reason to.</summary>
    public static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(1);
}
