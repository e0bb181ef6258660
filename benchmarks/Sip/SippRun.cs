using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Talreg.Benchmarks.Sip;

/// <summary>The same calls placed by sipp, with its own response times.</summary>
internal sealed record SippRun(int Completed, int Failed, TimeSpan Elapsed, SetUpTimes Times)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Places the calls.</summary>
    /// <exception cref="BenchmarkException">sipp wrote no response times.</exception>
    public static async Task<SippRun> RunAsync(IPEndPoint server, SetUpLoad load, int processor)
    {
        var folder = Directory.CreateTempSubdirectory("talreg-sipp-").FullName;
        try
        {
            var scenario = Path.Combine(folder, "siprec.xml");
            File.Copy(Path.Combine(AppContext.BaseDirectory, "siprec.xml"), scenario);
            var started = Stopwatch.GetTimestamp();
            await PlaceAsync(server, load, processor, scenario, folder).ConfigureAwait(false);
            var elapsed = Stopwatch.GetElapsedTime(started);
            var times = await TimesAsync(folder).ConfigureAwait(false);
            return new SippRun(times.Count, load.Calls - times.Count, elapsed, new SetUpTimes(
                At(times, 0.5), At(times, 0.95), At(times, 0.99)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PlaceAsync(
        IPEndPoint server, SetUpLoad load, int processor, string scenario, string folder)
    {
        string[] words =
        [
            "-c", $"{processor}", "sipp", $"{server}", "-sf", scenario, "-m", $"{load.Calls}",
            "-r", load.PerSecond.ToString("F0", CultureInfo.InvariantCulture), "-l", $"{load.Window}",
            "-i", "127.0.0.1", "-nostdin", "-trace_rtt", "-rtt_freq", "100", "-timeout", "100",
        ];
        using var sipp = Process.Start(new ProcessStartInfo("taskset", words)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var output = sipp.StandardOutput.ReadToEndAsync();
        var errors = sipp.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Patience);
        await sipp.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        await Task.WhenAll(output, errors).ConfigureAwait(false);
    }

    // Date_ms;response_time_ms;rtd_no
    private static async Task<List<TimeSpan>> TimesAsync(string folder)
    {
        var file = Directory.GetFiles(folder, "*_rtt.csv").FirstOrDefault()
            ?? throw new BenchmarkException("sipp wrote no response times.");
        var times = (await File.ReadAllLinesAsync(file).ConfigureAwait(false)).Skip(1)
            .Select(line => line.Split(';')[1])
            .Select(text => TimeSpan.FromMilliseconds(double.Parse(text, CultureInfo.InvariantCulture)))
            .ToList();
        times.Sort();
        return times;
    }

    private static TimeSpan At(List<TimeSpan> sorted, double part) =>
        sorted.Count == 0 ? TimeSpan.Zero : sorted[(int)(part * (sorted.Count - 1))];
}
