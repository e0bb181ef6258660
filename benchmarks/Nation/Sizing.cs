namespace Talreg.Benchmarks.Nation;

/// <summary>What one resource asks for.</summary>
/// <param name="Name">The resource.</param>
/// <param name="Load">What is needed in all, in words.</param>
/// <param name="Nodes">How many nodes that takes; 0 where nodes do not matter.</param>
internal sealed record Need(string Name, string Load, int Nodes);

/// <summary>The arithmetic from calls to nodes. Everything it returns is computed.</summary>
/// <param name="figures">The inputs.</param>
internal sealed class Sizing(Figures figures)
{
    internal const string Cores = "nodeCores";
    internal const string NetworkBits = "nodeNetworkBitsPerSecond";
    internal const string DiskSpace = "nodeDiskBytes";
    internal const string Memory = "nodeMemoryBytes";
    internal const string CallSeconds = "meanCallSeconds";
    internal const string DayFactor = "meanLoadOfTheBusyHour";
    internal const string HotDays = "daysKeptOnTheNode";
    internal const string OtherLeaves = "furtherLedgerLeavesPerCall";

    private const double PacketsPerCall = 100;
    private const double SecondsPerDay = 86_400;

    // Preamble, gap, Ethernet, IPv4 and UDP headers around 172 bytes of RTP (IEEE 802.3, RFC 791, RFC 768).
    private const double WireBits = 8 * (172 + 28 + 18 + 20);

    // The overload order: new calls are refused at three quarters of a core; a disk and a link are planned alike.
    private const double Fill = 0.75;

    /// <summary>Adds what no benchmark of ours can know; change the file to change them.</summary>
    internal static void Assume(Figures figures)
    {
        figures.Assume(Cores, 16, "a plain server; one shard and one writer per core, scaling linearly");
        figures.Assume(NetworkBits, 10e9, "one 10 Gbit/s port for media");
        figures.Assume(DiskSpace, 30e12, "two NVMe disks");
        figures.Assume(Memory, 64e9, "a plain server");
        figures.Assume(CallSeconds, 180, "mean length of a call");
        figures.Assume(DayFactor, 0.35, "mean over a day and night, of the busy hour");
        figures.Assume(HotDays, 7, "days before the archive has everything");
        figures.Assume(OtherLeaves, 1, "a share of gaps, listens, holds and exports, beside what a call itself leaves");
    }

    /// <summary>What so many simultaneous calls, each recorded once, ask for.</summary>
    internal IReadOnlyList<Need> For(double calls)
    {
        var packets = calls * PacketsPerCall;
        var cpu = packets / 1e6 * (figures[Figures.CaptureCpu] + figures[Figures.SealCpu]);
        var disk = packets * (figures[Figures.JournalBytes] + figures[Figures.RecordingBytes]);
        var wire = packets * WireBits;
        var space = packets * figures[DayFactor] * SecondsPerDay * figures[HotDays] * figures[Figures.RecordingBytes];
        var memory = calls * figures[Figures.CallMemory];
        var callsPerSecond = calls / figures[CallSeconds];
        var writes = callsPerSecond * figures[Figures.WritesPerCall];
        var leaves = callsPerSecond * (figures[Figures.LeavesPerCall] + figures[OtherLeaves]);
        var diskNodes = Nodes(disk, figures[Figures.DiskBytes]);
        return
        [
            new("CPU: capture and seal", FormattableString.Invariant($"{cpu:0.0} cores"), Nodes(cpu, figures[Cores])),
            new("disk: journal and recordings", Amount(disk / 1e6, "MB/s"), diskNodes),
            new("network in", Amount(wire / 1e6, "Mbit/s"), Nodes(wire, figures[NetworkBits])),
            new("disk space", Amount(space / 1e12, "TB"), Nodes(space, figures[DiskSpace])),
            new("memory", FormattableString.Invariant($"{memory / 1e9:0.00} GB"), Nodes(memory, figures[Memory])),
            new("database", Share(writes, figures[Figures.GrainWrites], "writes/s"), 0),
            new("ledger", Share(leaves, figures[Figures.LedgerLeaves], "leaves/s"), 0),
        ];
    }

    private static int Nodes(double need, double perNode) => (int)Math.Ceiling(need / (perNode * Fill));

    private static string Amount(double value, string unit) => FormattableString.Invariant($"{value:#,0.0} {unit}");

    private static string Share(double need, double have, string unit) =>
        FormattableString.Invariant($"{need:#,0} {unit}: {need / have:0.0 %} of what one was measured to take");
}
