using System.Globalization;
using Talreg.Benchmarks.LoadGenerator;
using Talreg.Benchmarks.Recorder;

namespace Talreg.Benchmarks.Soak;

/// <summary>
/// <c>soak</c>: calls come and go as a Poisson process for minutes; every call's packets are compared with what its sender
/// sent; memory must stay flat. Recorder and sender share the process, so its figures hold both.
/// </summary>
internal static class SoakVerb
{
    private const int FirstPort = 20000;
    private const double PacketsPerSecond = 50;

    // Calls alive vary by about the root of their mean: six times that is never reached.
    private const int Deviations = 6;

    // Of the memory resident after a third of the time.
    private const double MemoryMayGrow = 1.10;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(20);

    internal static async Task<int> RunAsync(string[] args)
    {
        var options = SoakOptions.Parse(args);
        Console.WriteLine(Machine.Describe());
        Console.WriteLine(
            $"{options.Calls} calls of {options.MeanSeconds} s on average, {options.Minutes} minutes, seed {options.Seed}");
        var folder = Directory.CreateTempSubdirectory("talreg-soak-").FullName;
        try
        {
            return await RunAsync(options, folder).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(SoakOptions options, string folder)
    {
        var most = options.Calls + (Deviations * (int)Math.Sqrt(options.Calls)) + Deviations;
        var device = ReceiveMethods.Create(
            options.Method, FirstPort, (2 * most) + CoolingPairs(options), TimeSpan.FromMilliseconds(100));
        var recorder = await EngineRecorder.OpenAsync(device, 0, folder).ConfigureAwait(false);
        await using var disposing = recorder.ConfigureAwait(false);
        using var sender = new RtpSender(new int[2 * most]);
        using var calls = new CallPopulation(recorder, sender, options, most);
        var duration = TimeSpan.FromMinutes(options.Minutes);
        var sending = Task.Factory.StartNew(
            () => sender.Send(PacketsPerSecond, duration + TimeSpan.FromMinutes(1), calls.Ended),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var reporting = ReportAsync(calls, recorder, options);
        await calls.RunAsync(duration).ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        var flat = await reporting.ConfigureAwait(false);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{calls.Finished} calls, {calls.Packets} packets, {calls.Lost} lost, "
            + $"memory {(flat ? "flat" : "grew")}, seed {options.Seed}"));
        return flat && calls.Lost == 0 ? 0 : 1;
    }

    // Ports of calls that ended rest for 5 s before they are used again.
    private static int CoolingPairs(SoakOptions options) => 2 * 10 * options.Calls / options.MeanSeconds;

    private static async Task<bool> ReportAsync(CallPopulation calls, EngineRecorder recorder, SoakOptions options)
    {
        Console.WriteLine("| s | calls | ended | received | lost | resident MiB | heap MiB | gen0/1/2 | CPU s |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        using var timer = new PeriodicTimer(ReportInterval);
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        var reference = 0L;
        var seconds = 0.0;
        while (!calls.Ended.IsCancellationRequested && await timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            self.Refresh();
            seconds += ReportInterval.TotalSeconds;
            var resident = self.WorkingSet64;
            reference = seconds * 3 <= options.Minutes * 60 ? resident : reference;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {seconds:0} | {calls.Alive} | {calls.Finished} | {recorder.Counts.Received} | {calls.Lost} "
                + $"| {resident >> 20} | {GC.GetTotalMemory(false) >> 20} "
                + $"| {GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)} "
                + $"| {self.TotalProcessorTime.TotalSeconds:0.0} |"));
            if (reference > 0 && resident > reference * MemoryMayGrow)
            {
                return false;
            }
        }

        return true;
    }
}
