using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Pcap;

/// <summary>How a file's destination ports become ports of the device.</summary>
public enum PcapPorts
{
    /// <summary>
    /// In order: a destination of the file (address and even port, with the odd one above) that is seen for the first time
    /// takes the pair that was opened first and has none yet, and keeps it to the end of the file. When that pair is
    /// closed, the rest of the destination's datagrams has no port.
    /// </summary>
    FirstSeen,

    /// <summary>A datagram goes to the open port of the same number, whatever its address.</summary>
    SameNumber,
}

/// <summary>How a <see cref="PcapDevice"/> replays.</summary>
public sealed record PcapDeviceOptions
{
    /// <summary>The numbers it may hand out. None is bound: nothing is received from the network.</summary>
    public required PortRange Ports { get; init; }

    /// <summary>The rule for ports.</summary>
    public PcapPorts Mapping { get; init; } = PcapPorts.FirstSeen;

    /// <summary>True: as fast as the file was recorded. False: as fast as the sink takes it.</summary>
    public bool AtRecordedSpeed { get; init; } = true;
}

/// <summary>What became of a file. <c>Frames</c> is the sum of the others.</summary>
public sealed record PcapReport
{
    /// <summary>Frames read.</summary>
    public required long Frames { get; init; }

    /// <summary>Datagrams handed to the sink.</summary>
    public required long Delivered { get; init; }

    /// <summary>Datagrams for which no port was open.</summary>
    public required long Unmapped { get; init; }

    /// <summary>Frames that carry no UDP.</summary>
    public required long NotUdp { get; init; }

    /// <summary>IP fragments: they are counted, not put together.</summary>
    public required long Fragments { get; init; }

    /// <summary>Packets whose headers contradict themselves or are cut off.</summary>
    public required long Malformed { get; init; }

    /// <summary>Frames of a link type that is not known here.</summary>
    public required long OtherLink { get; init; }
}
