using Talreg.Hardware.Ports;

namespace Talreg.Hardware.Pcap;

/// <summary>Which port of the device a file's destination goes to. The shard's thread alone.</summary>
internal sealed class PcapPortMap(PcapPorts rule)
{
    /// <summary>The most destinations of one file that are told apart; further ones have no port.</summary>
    internal const int MaxDestinations = 65_536;

    // In the order they were opened.
    private readonly List<PortPair> _open = [];
    private readonly bool[] _isOpen = new bool[65536];
    private readonly HashSet<ushort> _taken = [];
    private readonly Dictionary<SourceAddress, PortPair> _byDestination = [];

    /// <summary>Every open pair.</summary>
    internal IReadOnlyList<PortPair> Open => _open;

    internal void Add(PortPair pair)
    {
        _open.Add(pair);
        _isOpen[pair.Rtp] = _isOpen[pair.Rtcp] = true;
    }

    internal bool Remove(PortPair pair)
    {
        _isOpen[pair.Rtp] = _isOpen[pair.Rtcp] = false;
        _taken.Remove(pair.Rtp);
        return _open.Remove(pair);
    }

    /// <summary>A new file: no destination has a pair yet.</summary>
    internal void Reset()
    {
        _byDestination.Clear();
        _taken.Clear();
    }

    /// <summary>The port a destination goes to.</summary>
    /// <returns>0 for none.</returns>
    internal ushort Find(SourceAddress destination)
    {
        if (rule == PcapPorts.SameNumber)
        {
            return _isOpen[destination.Port] ? destination.Port : (ushort)0;
        }

        var even = destination with { Port = (ushort)(destination.Port & ~1) };
        if (!_byDestination.TryGetValue(even, out var pair))
        {
            if (_byDestination.Count >= MaxDestinations || !TryTake(out pair))
            {
                return 0;
            }

            _byDestination.Add(even, pair);
        }

        var port = destination.Port == even.Port ? pair.Rtp : pair.Rtcp;
        return _isOpen[port] ? port : (ushort)0;
    }

    private bool TryTake(out PortPair pair)
    {
        foreach (var open in _open)
        {
            if (_taken.Add(open.Rtp))
            {
                pair = open;
                return true;
            }
        }

        pair = default;
        return false;
    }
}
