namespace Talreg.Benchmarks.Capture;

/// <summary>What is offered: the same to every competitor.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Pairs">Streams; each has a port for RTP and the one above for RTCP.</param>
/// <param name="PacketsPerSecond">Of each stream.</param>
/// <param name="Interval">How often sockets are read.</param>
internal sealed record Scenario(string Name, int Pairs, double PacketsPerSecond, TimeSpan Interval)
{
    /// <summary>Where the ports begin.</summary>
    internal const int FirstPort = 20000;

    // A G.711 stream at 20 ms.
    private const double StreamRate = 50;
    private static readonly TimeSpan Lazy = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    /// <summary>The table's scenarios.</summary>
    internal static IReadOnlyList<Scenario> All { get; } =
    [
        new("1 stream at 120,000/s", 1, 120_000, Lazy),
        OfPorts(2_000),
        OfPorts(10_000),
    ];

    /// <summary>Datagrams per second in all.</summary>
    internal double Rate => Pairs * PacketsPerSecond;

    /// <summary>The RTP ports.</summary>
    internal int[] Ports => [.. Enumerable.Range(0, Pairs).Select(i => FirstPort + (2 * i))];

    /// <summary>So many ports, half of them RTP: streams of 50 packets a second each.</summary>
    internal static Scenario OfPorts(int ports) =>
        new(FormattableString.Invariant($"{ports:N0} ports, {ports / 4:N0} calls"), ports / 2, StreamRate, Slow);
}
