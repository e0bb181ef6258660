using System.Diagnostics;
using System.Globalization;
using Orleans.Storage;
using Talreg.Contracts.Calls;

namespace Talreg.Benchmarks.State;

/// <summary>A child writes and prints what was acknowledged; it is killed; everything acknowledged must be there.</summary>
internal static class KillLoop
{
    public const string ChildVerb = "state-child";
    private const int Writers = 32;
    private const int AcknowledgedPerRound = 500;

    public static async Task<int> RunAsync(int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("talreg-kill-").FullName;
        var path = Path.Combine(folder, "state.db");
        long acknowledged = 0;
        for (var round = 0; round < rounds; round++)
        {
            var newest = await KillOneAsync(path).ConfigureAwait(false);
            acknowledged += newest.Values.Sum(v => v.Count);
            var lost = await CountLostAsync(path, newest).ConfigureAwait(false);
            if (lost != 0)
            {
                Console.WriteLine($"round {round}: {lost} acknowledged writes are missing; kept: {path}");
                return 1;
            }
        }

        Directory.Delete(folder, recursive: true);
        Console.WriteLine($"{rounds} kills, {acknowledged} acknowledged writes, 0 lost");
        return 0;
    }

    public static async Task<int> RunChildAsync(string path)
    {
        var storage = StateVerb.OpenStorage(path, 1024, out _);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteForeverAsync(storage, w))))
            .ConfigureAwait(false);
        return 0;
    }

    private static async Task WriteForeverAsync(IGrainStorage storage, int writer)
    {
        var name = writer.ToString(CultureInfo.InvariantCulture);
        var state = new GrainState<EvidenceDocument>();
        await storage.ReadStateAsync("s", GrainId.Create("kill", name), state).ConfigureAwait(false);
        for (var number = state is { RecordExists: true, State: { } last } ? last.Leaf + 1 : 1; ; number++)
        {
            state.State = new EvidenceDocument(number, 0);
            await storage.WriteStateAsync("s", GrainId.Create("kill", name), state).ConfigureAwait(false);
            Console.WriteLine($"{name} {number} {state.ETag}");
        }
    }

    private static async Task<Dictionary<string, (long Number, int Count)>> KillOneAsync(string path)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(ChildVerb);
        start.ArgumentList.Add(path);
        using var child = Process.Start(start)!;
        var newest = new Dictionary<string, (long Number, int Count)>(StringComparer.Ordinal);
        var lines = 0;
        while (await child.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (line.Split(' ') is [var name, var number, { Length: > 17 }])
            {
                newest[name] = (
                    long.Parse(number, CultureInfo.InvariantCulture), newest.GetValueOrDefault(name).Count + 1);
            }

            if (++lines == AcknowledgedPerRound)
            {
                child.Kill();
            }
        }

        await child.WaitForExitAsync().ConfigureAwait(false);
        return newest;
    }

    private static async Task<int> CountLostAsync(
        string path, Dictionary<string, (long Number, int Count)> newest)
    {
        var storage = StateVerb.OpenStorage(path, 1024, out var services);
        await using (services.ConfigureAwait(false))
        {
            var lost = 0;
            foreach (var (name, last) in newest)
            {
                var state = new GrainState<EvidenceDocument>();
                await storage.ReadStateAsync("s", GrainId.Create("kill", name), state).ConfigureAwait(false);
                lost += state is { RecordExists: true, State: { } kept } && kept.Leaf >= last.Number ? 0 : 1;
            }

            return lost;
        }
    }
}
