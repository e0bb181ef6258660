namespace Talreg.Capture.Quality;

/// <summary>
/// How losses cluster (RFC 3611 §4.7.2). A burst begins and ends with a lost packet, holds more than one of them, and nowhere within it
/// 16 packets in a row that came; all else is gap, a lost packet with 16 received on both sides included. A value; fed in
/// the order of sequence numbers.
/// </summary>
internal struct LossPattern
{
    /// <summary>Gmin: so many received in a row end a burst.</summary>
    internal const int MinGap = 16;

    private long _bursts;
    private long _burstPackets;
    private long _burstLost;
    private long _clusterPackets;
    private long _clusterLost;
    private long _receivedSince;
    private bool _lastLost;

    /// <summary>Packets judged, received and lost.</summary>
    internal long Packets { get; private set; }

    /// <summary>Of those, lost.</summary>
    internal long Lost { get; private set; }

    /// <summary>How often a run of losses began.</summary>
    internal long Runs { get; private set; }

    /// <summary>Bursts so far; one under way counts.</summary>
    internal readonly long Bursts => _bursts + (IsBurst ? 1 : 0);

    /// <summary>Packets of the bursts, received and lost.</summary>
    internal readonly long BurstPackets => _burstPackets + (IsBurst ? _clusterPackets : 0);

    /// <summary>Of those, lost.</summary>
    internal readonly long BurstLost => _burstLost + (IsBurst ? _clusterLost : 0);

    private readonly bool IsBurst => _clusterLost > 1;

    /// <summary>The next packet came.</summary>
    internal void AddReceived()
    {
        Packets++;
        _lastLost = false;
        if (_clusterLost > 0 && ++_receivedSince == MinGap)
        {
            Close();
        }
    }

    /// <summary>So many packets in a row did not come.</summary>
    internal void AddLost(long count)
    {
        Packets += count;
        Lost += count;
        Runs += _lastLost ? 0 : 1;
        _lastLost = true;
        _clusterPackets += count + (_clusterLost > 0 ? _receivedSince : 0);
        _clusterLost += count;
        _receivedSince = 0;
    }

    /// <summary>What follows has nothing to do with what was before.</summary>
    internal void Close()
    {
        (_bursts, _burstPackets, _burstLost) = (Bursts, BurstPackets, BurstLost);
        _clusterPackets = 0;
        _clusterLost = 0;
        _receivedSince = 0;
        _lastLost = false;
    }
}
