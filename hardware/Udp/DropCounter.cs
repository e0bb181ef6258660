namespace Talreg.Hardware.Udp;

/// <summary>How much of a socket's drop counter has been told. The counter wraps at 32 bits.</summary>
/// <param name="Port">The local port the drops are put down to; 0 for a socket of many ports.</param>
internal record struct DropCounter(ushort Port)
{
    /// <summary>The counter as last told.</summary>
    internal uint Seen { get; private set; }

    /// <summary>
    /// Takes a newer reading in. A datagram carries the counter of when it was queued, which may lie behind a reading taken
    /// since: that is no news.
    /// </summary>
    /// <returns>Drops not told before.</returns>
    internal uint Advance(uint drops)
    {
        var more = unchecked(drops - Seen);
        if (more == 0 || more > int.MaxValue)
        {
            return 0;
        }

        Seen = drops;
        return more;
    }
}
