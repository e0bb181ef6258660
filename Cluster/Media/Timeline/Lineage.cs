using Talreg.Media.Codecs;

namespace Talreg.Media.Timeline;

/// <summary>
/// One SSRC of a stream: where its timestamps stand on the take's clock, and how far its sender's clock drifts.
/// All positions are ticks of 125 µs from the take's start.
/// </summary>
/// <param name="clockRate">Units per second of its timestamps, in Hz.</param>
/// <param name="rule">How drift is learned.</param>
internal sealed class Lineage(int clockRate, DriftRule rule)
{
    private long _anchor;
    private long _anchorTimestamp;
    private long _lastTimestamp;
    private long _windowStart;
    private int _windowPackets;
    private long _windowLeast;
    private long? _baseline;
    private long _previousDrift;
    private long _pendingSince;

    /// <summary>Samples still to insert (positive) or drop (negative).</summary>
    public int Pending { get; private set; }

    /// <summary>The end of the furthest packet placed.</summary>
    public long End { get; set; } = long.MinValue;

    /// <summary>Timestamp units as ticks: rounded down, below zero too, so that neighbours stay neighbours.</summary>
    public static long ToTicks(long units, int clockRate)
    {
        var (ticks, rest) = Math.DivRem(units * AudioCodec.TicksPerSecond, clockRate);
        return rest < 0 ? ticks - 1 : ticks;
    }

    /// <summary>Puts a timestamp at a position; forgets what was learned of drift, for the delay is a new one.</summary>
    public void Anchor(uint timestamp, long position, long arrival)
    {
        _lastTimestamp = timestamp;
        _anchorTimestamp = timestamp;
        _anchor = position;
        _baseline = null;
        _previousDrift = 0;
        Pending = 0;
        OpenWindow(arrival);
    }

    /// <summary>Where a packet of this timestamp belongs.</summary>
    public long Position(uint timestamp) => _anchor + ToTicks(Extend(timestamp) - _anchorTimestamp, clockRate);

    /// <summary>Remembers an accepted packet: timestamps are extended past 32 bits around the latest of these.</summary>
    public void Accept(uint timestamp) => _lastTimestamp = Math.Max(_lastTimestamp, Extend(timestamp));

    /// <summary>
    /// Learns from an accepted packet. The smallest delay of a window is the network's own, free of jitter; that
    /// it moves from window to window is the sender's clock.
    /// </summary>
    public void Observe(long arrival, long difference)
    {
        _windowPackets++;
        _windowLeast = Math.Min(_windowLeast, difference);
        if (arrival - _windowStart < rule.Window || _windowPackets < rule.Packets)
        {
            return;
        }

        _baseline ??= _windowLeast;
        var drift = _windowLeast - _baseline.Value;

        // Two windows must agree: one alone may have met a busy network.
        var agreed = Math.Sign(drift) == Math.Sign(_previousDrift)
            ? Math.Min(Math.Abs(drift), Math.Abs(_previousDrift))
            : 0;
        _previousDrift = drift;
        OpenWindow(arrival);
        if (agreed >= rule.Tolerated && Pending == 0)
        {
            Pending = (int)drift;
            _pendingSince = arrival;
        }
    }

    /// <summary>Plans to give back what the lineage is ahead of its arrivals, unless a correction is under way.</summary>
    /// <param name="arrival">The packet's arrival.</param>
    /// <param name="difference">Arrival less position: negative.</param>
    public void CatchUp(long arrival, long difference)
    {
        if (Pending == 0)
        {
            Pending = (int)Math.Max(difference, int.MinValue);
            _pendingSince = arrival;
        }
    }

    /// <summary>Corrects the position at a packet boundary, where it is due.</summary>
    /// <param name="arrival">The packet's arrival.</param>
    /// <param name="unheard">Samples that no one would miss here: the gap before the packet, or a silent packet's own.</param>
    /// <returns>Samples inserted (positive) or dropped (negative).</returns>
    public int Correct(long arrival, long unheard)
    {
        if (Pending == 0 || (unheard == 0 && arrival - _pendingSince < TimelineRules.DriftPatience))
        {
            return 0;
        }

        var step = unheard == 0
            ? Math.Clamp(Pending, -TimelineRules.DriftStep, TimelineRules.DriftStep)
            : (int)Math.Max(Pending, -unheard);
        _anchor += step;
        _windowLeast = _windowLeast == long.MaxValue ? _windowLeast : _windowLeast - step;
        _previousDrift = 0;
        Pending -= step;
        return step;
    }

    private void OpenWindow(long arrival)
    {
        _windowStart = arrival;
        _windowPackets = 0;
        _windowLeast = long.MaxValue;
    }

    private long Extend(uint timestamp) => _lastTimestamp + (int)(timestamp - (uint)_lastTimestamp);
}
