namespace Talreg.Hardware.Ports;

/// <summary>The range of a pool.</summary>
public sealed record PortRange
{
    /// <summary>The lowest port that may be used; an odd one is rounded up.</summary>
    public required ushort Low { get; init; }

    /// <summary>The highest port that may be used, for RTCP too.</summary>
    public required ushort High { get; init; }

    /// <summary>How long a pair stays unused after it was returned, so that late packets of the old call meet nobody.</summary>
    public TimeSpan CoolDown { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// Numbers of port pairs: which are free, in use or cooling down. Binds nothing. Any thread; not used by shard threads.
/// </summary>
public sealed class PortPool
{
    /// <summary>The most pairs of one request: the m-lines of one call.</summary>
    public const int MaxPairsPerRequest = 64;

    private const long InUse = long.MaxValue;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _coolDown;
    private readonly int _first;

    // Per pair: the timestamp from which it is free.
    private readonly long[] _freeAt;
    private int _cursor;

    /// <summary>Makes a pool with every pair free.</summary>
    /// <exception cref="ArgumentException">The range holds no pair.</exception>
    public PortPool(PortRange range, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(range);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _first = (range.Low + 1) & ~1;
        var pairs = (range.High - _first + 1) / 2;
        if (_first == 0 || pairs < 1)
        {
            throw new ArgumentException($"Ports {range.Low}-{range.High} hold no even and odd pair.", nameof(range));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(range.CoolDown, TimeSpan.Zero, nameof(range));
        _coolDown = (long)(range.CoolDown.TotalSeconds * time.TimestampFrequency);
        _freeAt = new long[pairs];
        Array.Fill(_freeAt, long.MinValue);
    }

    /// <summary>How many pairs the range has.</summary>
    public int Capacity => _freeAt.Length;

    /// <summary>How many pairs could be rented now.</summary>
    public int Free
    {
        get
        {
            lock (_gate)
            {
                var now = _time.GetTimestamp();
                return _freeAt.Count(at => at <= now);
            }
        }
    }

    /// <summary>Rents adjacent pairs, else scattered ones, else none.</summary>
    /// <param name="rtpPorts">Takes the even ports; its length says how many.</param>
    /// <returns>False when fewer than that are free.</returns>
    public bool TryRent(Span<ushort> rtpPorts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rtpPorts.Length, 1, nameof(rtpPorts));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rtpPorts.Length, MaxPairsPerRequest, nameof(rtpPorts));
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            return TryRentAdjacent(rtpPorts, now) || TryRentScattered(rtpPorts, now);
        }
    }

    /// <summary>Gives a pair back; it cools down.</summary>
    public void Return(ushort rtpPort) => Set(rtpPort, _time.GetTimestamp() + _coolDown);

    /// <summary>Gives a pair back that was never used: free at once.</summary>
    public void ReturnUnused(ushort rtpPort) => Set(rtpPort, long.MinValue);

    // The search goes on behind the last pair rented, so that a range is gone through before a pair comes again.
    private bool TryRentAdjacent(Span<ushort> rtpPorts, long now)
    {
        var run = 0;
        for (var step = 0; step < _freeAt.Length + rtpPorts.Length; step++)
        {
            var pair = (_cursor + step) % _freeAt.Length;
            run = _freeAt[pair] > now ? 0 : pair == 0 ? 1 : run + 1;
            if (run < rtpPorts.Length)
            {
                continue;
            }

            for (var i = 0; i < rtpPorts.Length; i++)
            {
                Take(pair - rtpPorts.Length + 1 + i, out rtpPorts[i]);
            }

            return true;
        }

        return false;
    }

    private bool TryRentScattered(Span<ushort> rtpPorts, long now)
    {
        Span<int> found = stackalloc int[MaxPairsPerRequest];
        var count = 0;
        for (var step = 0; step < _freeAt.Length && count < rtpPorts.Length; step++)
        {
            var pair = (_cursor + step) % _freeAt.Length;
            if (_freeAt[pair] <= now)
            {
                found[count++] = pair;
            }
        }

        if (count < rtpPorts.Length)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            Take(found[i], out rtpPorts[i]);
        }

        return true;
    }

    private void Take(int pair, out ushort rtpPort)
    {
        _freeAt[pair] = InUse;
        _cursor = (pair + 1) % _freeAt.Length;
        rtpPort = (ushort)(_first + (2 * pair));
    }

    private void Set(ushort rtpPort, long freeAt)
    {
        var pair = (rtpPort - _first) / 2;
        ArgumentOutOfRangeException.ThrowIfNegative(pair, nameof(rtpPort));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(pair, _freeAt.Length, nameof(rtpPort));
        lock (_gate)
        {
            _freeAt[pair] = freeAt;
        }
    }
}
