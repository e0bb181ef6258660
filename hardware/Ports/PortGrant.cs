namespace Talreg.Hardware.Ports;

/// <summary>A local RTP port and the RTCP port above it (RFC 3550 §11).</summary>
/// <param name="Rtp">The even port.</param>
/// <param name="Shard">The shard that reads both.</param>
public readonly record struct PortPair(ushort Rtp, int Shard)
{
    /// <summary>The odd port above.</summary>
    public ushort Rtcp => (ushort)(Rtp + 1);
}

/// <summary>Why no ports were opened.</summary>
public enum PortRefusal
{
    /// <summary>They were opened.</summary>
    None,

    /// <summary>Every pair of the range is open, cooling down, or taken by another program.</summary>
    PortsExhausted,

    /// <summary>The system gives no more sockets: descriptors or memory.</summary>
    SocketsExhausted,

    /// <summary>The address of the device is not on this machine now.</summary>
    AddressUnavailable,

    /// <summary>The shard has more commands waiting than it may.</summary>
    ShardBusy,

    /// <summary>The device is stopping or has stopped.</summary>
    Stopped,
}

/// <summary>The answer to a request for ports: pairs, or why there are none.</summary>
/// <param name="Refusal">Why there are none.</param>
/// <param name="Pairs">The pairs, in ascending order of ports where adjacent; empty when refused.</param>
public readonly record struct PortGrant(PortRefusal Refusal, IReadOnlyList<PortPair> Pairs)
{
    /// <summary>True when there are ports.</summary>
    public bool IsGranted => Refusal == PortRefusal.None;

    internal static PortGrant Refused(PortRefusal refusal) => new(refusal, []);
}
