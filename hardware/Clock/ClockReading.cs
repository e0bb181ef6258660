namespace Talreg.Hardware.Clock;

/// <summary>How good the real-time clock is. The numbers are those of a chunk's header.</summary>
public enum ClockState : byte
{
    /// <summary>The kernel could not be asked.</summary>
    Unknown = 0,

    /// <summary>Not disciplined by any reference.</summary>
    FreeRunning = 1,

    /// <summary>The kernel says it is synchronised.</summary>
    Synchronised = 2,
}

/// <summary>Both clocks of the machine at one moment.</summary>
/// <param name="MonotonicNs">CLOCK_MONOTONIC, in nanoseconds.</param>
/// <param name="RealTimeOffsetNs">What to add to monotonic time to get Unix time, in nanoseconds.</param>
/// <param name="State">How good real time is.</param>
/// <param name="MaxErrorUs">The kernel's maximum error, in microseconds; <see cref="uint.MaxValue"/> unknown.</param>
public readonly record struct ClockReading(
    long MonotonicNs, long RealTimeOffsetNs, ClockState State, uint MaxErrorUs)
{
    /// <summary>Unix time of this reading, in milliseconds.</summary>
    public long UnixMs => (MonotonicNs + RealTimeOffsetNs) / 1_000_000;
}
