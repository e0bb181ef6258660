namespace Talreg.Evidence.Chunks;

/// <summary>Bits 0-1 of a chunk header's flags (FORMAT.md §2).</summary>
[Flags]
public enum ChunkFlags : uint
{
    /// <summary>Nothing of note.</summary>
    None = 0,

    /// <summary>The call was admitted without the cluster's word.</summary>
    Autonomous = 1,

    /// <summary>Captured under an epoch that had been superseded.</summary>
    StaleEpoch = 2,
}

/// <summary>How good the machine's clock was when the chunk was captured.</summary>
public enum ClockQuality : byte
{
    /// <summary>Nobody asked the kernel.</summary>
    Unknown = 0,

    /// <summary>Not disciplined by any reference.</summary>
    FreeRunning = 1,

    /// <summary>The kernel says it is synchronised.</summary>
    Synchronised = 2,
}

/// <summary>What the capture side knows of a chunk. Copied by value; plain bytes all through.</summary>
public readonly record struct ChunkFacts
{
    /// <summary>0-based stream, in the order streams joined the take.</summary>
    public required ushort Stream { get; init; }

    /// <summary>Whole seconds from the take's start to the chunk's opening.</summary>
    public required uint Slot { get; init; }

    /// <summary>The header's flags.</summary>
    public ChunkFlags Flags { get; init; }

    /// <summary>Media and control packets in the chunk; source frames are not counted.</summary>
    public required uint Packets { get; init; }

    /// <summary>Arrival of the first packet, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public required long FirstArrivalNs { get; init; }

    /// <summary>Arrival of the last packet, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public required long LastArrivalNs { get; init; }

    /// <summary>What to add to monotonic time to get Unix time, in nanoseconds.</summary>
    public required long RealTimeOffsetNs { get; init; }

    /// <summary>How good the clock was.</summary>
    public ClockQuality ClockQuality { get; init; }

    /// <summary>The clock's maximum error in microseconds; <see cref="uint.MaxValue"/> when unknown.</summary>
    public uint MaxClockErrorUs { get; init; }
}

/// <summary>Which take it is: what every chunk header repeats.</summary>
public sealed record TakeIdentity
{
    /// <summary>The call the take is a copy of.</summary>
    public required Guid CallId { get; init; }

    /// <summary>The take: a UUIDv7.</summary>
    public required Guid TakeId { get; init; }

    /// <summary>The customer: 1 to 32 of <c>a-z 0-9 -</c>.</summary>
    public required string Tenant { get; init; }

    /// <summary>The site: 1 to 16 of <c>a-z 0-9 -</c>.</summary>
    public required string Site { get; init; }

    /// <summary>The epoch of the interface that captures.</summary>
    public required ulong Epoch { get; init; }
}
