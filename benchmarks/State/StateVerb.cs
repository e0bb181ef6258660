using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;
using Talreg.Contracts.Calls;
using Talreg.State;

namespace Talreg.Benchmarks.State;

/// <summary><c>state</c>: grain writes per second; <c>state --kills N</c>: the kill -9 loop.</summary>
internal static class StateVerb
{
    private const int WritesPerRun = 30_000;
    private const int BaselineWrites = 2_000;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--kills", var text])
        {
            return await KillLoop.RunAsync(int.Parse(text, CultureInfo.InvariantCulture)).ConfigureAwait(false);
        }

        Console.WriteLine("writers  batch   writes/s    p50 ms    p99 ms   commits  largest batch");
        await MeasureAsync(64, 1, BaselineWrites).ConfigureAwait(false);
        foreach (var writers in (int[])[64, 128, 256, 512])
        {
            await MeasureAsync(writers, 1024, WritesPerRun).ConfigureAwait(false);
        }

        return 0;
    }

    public static IGrainStorage OpenStorage(string path, int maxBatch, out ServiceProvider services)
    {
        services = new ServiceCollection()
            .AddSerializer()
            .AddTalregSqliteStorage(new SqliteDatabaseOptions { Path = path, MaxWritesPerCommit = maxBatch })
            .BuildServiceProvider();
        return services.GetRequiredKeyedService<IGrainStorage>(SqliteGrainStorage.Name);
    }

    /// <summary>Writes from so many writers at once, and prints a line.</summary>
    /// <returns>Writes per second.</returns>
    internal static async Task<double> MeasureAsync(int writers, int maxBatch, int writes)
    {
        var folder = Directory.CreateTempSubdirectory("talreg-bench-").FullName;
        double perSecond;
        var storage = OpenStorage(Path.Combine(folder, "state.db"), maxBatch, out var services);
        await using (services.ConfigureAwait(false))
        {
            var each = writes / writers;
            var times = new double[writers * each];
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, writers).Select(
                w => Task.Run(() => WriteAsync(storage, w, times.AsMemory(w * each, each))))).ConfigureAwait(false);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            perSecond = times.Length / seconds;
            Array.Sort(times);
            var done = services.GetRequiredService<SqliteDatabase>().Statistics;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{writers,7}{maxBatch,7}{perSecond,11:0}{times[times.Length / 2],10:0.00}"
                + $"{times[times.Length * 99 / 100],10:0.00}{done.Commits,10}{done.LargestBatch,15}"));
        }

        Directory.Delete(folder, recursive: true);
        return perSecond;
    }

    private static async Task WriteAsync(IGrainStorage storage, int writer, Memory<double> times)
    {
        var grain = GrainId.Create("bench", writer.ToString(CultureInfo.InvariantCulture));
        var state = new GrainState<EvidenceDocument>(new EvidenceDocument(0, 0));
        for (var n = 0; n < times.Length; n++)
        {
            state.State = new EvidenceDocument(n, writer);
            var started = Stopwatch.GetTimestamp();
            await storage.WriteStateAsync("s", grain, state).ConfigureAwait(false);
            times.Span[n] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }
    }
}
