using System.Globalization;
using System.Text.RegularExpressions;
using Talreg.Benchmarks.Processes;

namespace Talreg.Benchmarks.Capture;

/// <summary>tcpdump -w on loopback: plain text in arrival order, never synced, no socket of its own on the ports.</summary>
internal sealed partial class TcpdumpCompetitor() : Competitor("tcpdump -w")
{
    private const string Program = "tcpdump";
    private const int BufferKiB = 64 * 1024;

    // The kernel gives it a block that is not full after a second.
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(1.5);

    internal static bool IsInstalled => Programs.IsInstalled(Program);

    internal override async Task<TrialResult> RunAsync(Trial trial)
    {
        var last = Scenario.FirstPort + (2 * trial.Scenario.Pairs) - 1;
        string[] command =
        [
            Program, "-i", "lo", "-n", "-s", "0", "-B", $"{BufferKiB}", "-Z", "root",
            "-w", Path.Combine(trial.Folder, "pcap"), "udp", "and", "dst", "portrange", $"{Scenario.FirstPort}-{last}",
        ];
        var child = Child.Start(Trial.RecorderProcessor, command, trial.Network?.Name, untilErrorSays: "listening on");
        await using var disposing = child.ConfigureAwait(false);
        await child.StartedAsync().ConfigureAwait(false);
        TimeSpan before = default;
        TimeSpan after = default;
        var (warmUp, measured) = await trial.SendAsync(
            trial.Scenario.Ports,
            () => Task.FromResult(before = child.Cpu),
            () => Task.FromResult(after = child.Cpu)).ConfigureAwait(false);
        await trial.RestAsync(FlushTime).ConfigureAwait(false);
        var said = await child.InterruptAsync().ConfigureAwait(false);
        return new TrialResult
        {
            Offered = measured.Sent,
            OfferedPerSecond = measured.PerSecond,
            Cpu = after - before,
            Lost = warmUp.Sent + measured.Sent - Captured(said),
        };
    }

    private static long Captured(string said) => CapturedLine().Match(said) is { Success: true } match
        ? long.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture)
        : throw new BenchmarkException($"tcpdump said: {said}");

    [GeneratedRegex("^(?<count>[0-9]+) packets captured", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CapturedLine();
}
