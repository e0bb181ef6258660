using System.Globalization;
using Talreg.Benchmarks.Processes;

namespace Talreg.Benchmarks.Sip;

/// <summary>
/// <c>sip --recorder</c>: set-ups and tear-downs of the real recorder, with grains, SQLite, journal and ledger, pinned to
/// one processor; our client and sipp on the other. No media is sent: what is measured is signalling and what it causes.
/// </summary>
internal static class RecorderRun
{
    private const int RecorderProcessor = 1;
    private const int ClientProcessor = 0;

    // Until the runtime has compiled what a call runs through: a recorder that has been up for a minute.
    private static readonly SetUpLoad WarmUp = new(2_000, Window: 32);
    private static readonly TimeSpan SealWithin = TimeSpan.FromSeconds(30);

    private static readonly SetUpLoad[] Loads =
    [
        new(1_000, Window: 2_000, PerSecond: 100),
        new(5_000, Window: 2_000, PerSecond: 500),
        new(5_000, Window: 32),
    ];

    public static async Task RunAsync(string program)
    {
        var recorder = await RecorderProcess.StartAsync(program, RecorderProcessor).ConfigureAwait(false);
        await using var disposing = recorder.ConfigureAwait(false);
        SetUpRun.Run(recorder.Sip, WarmUp);
        await recorder.SealedAsync(SealWithin).ConfigureAwait(false);
        Console.WriteLine(
            "| client | offered/s | calls | refused | unanswered | done/s | p50 ms | p95 ms | p99 ms "
            + "| recorder's ms of processor a call | sealed after s |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var load in Loads)
        {
            var before = recorder.Cpu;
            var run = SetUpRun.Run(recorder.Sip, load);
            var times = new SetUpTimes(run.Percentile(0.5), run.Percentile(0.95), run.Percentile(0.99));
            await PrintAsync(
                recorder, before, "ours", load, run.Completed, run.Refused, run.Elapsed, times).ConfigureAwait(false);
        }

        if (!Programs.IsInstalled("sipp"))
        {
            Console.WriteLine("sipp is not installed: its figures are left out.");
            return;
        }

        foreach (var load in Loads.Where(load => load.PerSecond > 0))
        {
            var before = recorder.Cpu;
            var run = await SippRun.RunAsync(recorder.Sip, load, ClientProcessor).ConfigureAwait(false);
            await PrintAsync(recorder, before, "sipp", load, run.Completed, run.Failed, run.Elapsed, run.Times)
                .ConfigureAwait(false);
        }
    }

    private static async Task PrintAsync(
        RecorderProcess recorder,
        TimeSpan before,
        string client,
        SetUpLoad load,
        int completed,
        int refused,
        TimeSpan elapsed,
        SetUpTimes times)
    {
        var (took, left) = await recorder.SealedAsync(SealWithin).ConfigureAwait(false);
        var each = (recorder.Cpu - before).TotalMilliseconds / Math.Max(1, completed);
        var offered = load.PerSecond > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{load.PerSecond:F0}")
            : $"{load.Window} at once";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {client} | {offered} | {load.Calls} | {refused} | {load.Calls - completed - refused} "
            + $"| {completed / elapsed.TotalSeconds:F0} | {times.P50.TotalMilliseconds:F1} "
            + $"| {times.P95.TotalMilliseconds:F1} | {times.P99.TotalMilliseconds:F1} | {each:F2} "
            + $"| {took.TotalSeconds:F1}{(left > 0 ? $", {left} left" : "")} |"));
    }
}

/// <summary>From INVITE to 200: half, 95 and 99 of a hundred calls stayed below.</summary>
internal sealed record SetUpTimes(TimeSpan P50, TimeSpan P95, TimeSpan P99);
