using System.Text.Json.Nodes;
using Talreg.Benchmarks.Processes;
using Talreg.Benchmarks.Recorder;

namespace Talreg.Benchmarks.Capture;

/// <summary>One of our recorders or of the C baselines: both say what they received and what was dropped.</summary>
internal sealed class RecorderCompetitor : Competitor
{
    private const int BufferBytes = 1024 * 1024;
    private const int GatheredBufferBytes = 64 * 1024 * 1024;

    private readonly Func<Trial, IEnumerable<string>> _command;
    private readonly bool _answers;

    private RecorderCompetitor(string name, Func<Trial, IEnumerable<string>> command, bool answers)
        : base(name)
    {
        _command = command;
        _answers = answers;
    }

    /// <summary>Ours.</summary>
    internal static RecorderCompetitor Ours(string name, string method, string sink) => new(
        name,
        trial => RecorderVerb.Command(
            method, sink, Scenario.FirstPort, trial.Scenario.Pairs, trial.Scenario.Interval, trial.Folder),
        answers: true);

    /// <summary>The C program.</summary>
    internal static RecorderCompetitor Baseline(string name, string program, bool gather, string sink) => new(
        name,
        trial =>
        [
            program, gather ? "gather" : "scan", sink, $"{Scenario.FirstPort}", $"{trial.Scenario.Pairs}",
            gather ? "1" : $"{trial.Scenario.Interval.TotalMilliseconds}",
            $"{(gather ? GatheredBufferBytes : BufferBytes)}", Path.Combine(trial.Folder, "baseline"),
        ],
        answers: false);

    internal override async Task<TrialResult> RunAsync(Trial trial)
    {
        var child = Child.Start(Trial.RecorderProcessor, _command(trial), trial.Network?.Name);
        await using var disposing = child.ConfigureAwait(false);
        if (await child.ReadLineAsync().ConfigureAwait(false) is var line && line != "ready")
        {
            throw new BenchmarkException($"{Name} says '{line}'");
        }

        TimeSpan before = default;
        TimeSpan after = default;
        JsonNode? countsBefore = null;
        JsonNode? countsAfter = null;
        var (warmUp, measured) = await trial.SendAsync(
            trial.Scenario.Ports,
            async () =>
            {
                countsBefore = await AskAsync(child).ConfigureAwait(false);
                before = child.Cpu;
            },
            async () =>
            {
                after = child.Cpu;
                countsAfter = await AskAsync(child).ConfigureAwait(false);
            }).ConfigureAwait(false);
        var final = await child.FinishAsync().ConfigureAwait(false);
        var sent = warmUp.Sent + measured.Sent;
        Check(sent, final);
        return new TrialResult
        {
            Offered = measured.Sent,
            OfferedPerSecond = measured.PerSecond,
            Cpu = after - before,
            Lost = sent - (long)final["stored"]!,
            OwnDrops = (long)final["ownDrops"]!,
            Allocated = countsAfter is null ? null : Between("allocated"),
            BytesPerPacket = countsAfter is null ? 0 : (double)Between("bytes") / measured.Sent,
            Collections = (Between("gen0"), Between("gen1"), Between("gen2")),
        };

        long Between(string name) => countsAfter is null ? 0 : (long)countsAfter[name]! - (long)countsBefore![name]!;
    }

    private async Task<JsonNode?> AskAsync(Child child) =>
        _answers ? await child.AskAsync("counts").ConfigureAwait(false) : null;

    // received + kernel drops = offered, and received = stored + own drops: nothing is unaccounted for.
    private void Check(long sent, JsonNode final)
    {
        var received = (long)final["received"]!;
        var kernelDrops = (long)final["kernelDrops"]!;
        var ownDrops = (long)final["ownDrops"]!;
        if (received + kernelDrops != sent || (long)final["stored"]! + ownDrops != received)
        {
            throw new BenchmarkException(
                $"{Name}: {sent} were offered, but counted were {received} received, {final["stored"]} stored, "
                + $"{kernelDrops} dropped by the kernel, {ownDrops} dropped by itself");
        }
    }
}
