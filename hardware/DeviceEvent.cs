using Talreg.Hardware.Clock;

namespace Talreg.Hardware;

/// <summary>What happened.</summary>
public enum DeviceEventKind : byte
{
    /// <summary>Time has passed on this shard; comes after every scan and after <see cref="ICaptureDevice.Wake"/>.</summary>
    Tick,

    /// <summary>The shard reads this port from now on.</summary>
    PortOpened,

    /// <summary>The shard reads this port no more.</summary>
    PortClosed,

    /// <summary>
    /// The kernel dropped <see cref="DeviceEvent.Count"/> more datagrams of this port; of local port 0: of ports of this
    /// shard that share a buffer, nobody knows which. Comes before the datagrams that follow the drop.
    /// </summary>
    KernelDrops,

    /// <summary>Reading failed with the errno in <see cref="DeviceEvent.Count"/>; the port is read no more.</summary>
    PortFailed,
}

/// <summary>A message from a device that is not a datagram. Plain bytes; may be kept.</summary>
public readonly record struct DeviceEvent
{
    /// <summary>What happened.</summary>
    public required DeviceEventKind Kind { get; init; }

    /// <summary>On which shard.</summary>
    public required int Shard { get; init; }

    /// <summary>The local port; 0 where the whole shard is meant.</summary>
    public ushort LocalPort { get; init; }

    /// <summary>Datagrams dropped, or an errno.</summary>
    public long Count { get; init; }

    /// <summary>The clock when it happened.</summary>
    public required ClockReading Clock { get; init; }
}
