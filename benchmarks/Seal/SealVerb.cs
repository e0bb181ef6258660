using System.Diagnostics;
using System.Globalization;

namespace Talreg.Benchmarks.Seal;

/// <summary>
/// <c>seal</c>: what it costs to make recordings of takes whose chunks lie interleaved in the journal, as those of calls at the
/// same time do.
/// </summary>
internal static class SealVerb
{
    internal const string Usage = "seal [--calls N] [--packets N] [--batch N] [--folder PATH]";

    private const int Rounds = 3;

    internal static async Task<int> RunAsync(string[] args)
    {
        var (calls, packets, batch, parent) = Parse(args);
        Console.WriteLine(Machine.Describe());
        Console.WriteLine(
            $"{calls} calls, interleaved chunk by chunk, {packets} packets a round; {batch} takes in a pass; round 0 warms up");
        Console.WriteLine(
            "| round | user s/M | system s/M | CPU s/M | MB read | MB of recordings | s |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for (var round = 0; round <= Rounds; round++)
        {
            var folder = parent is null
                ? Directory.CreateTempSubdirectory("talreg-seal-").FullName
                : Directory.CreateDirectory(Path.Combine(parent, $"talreg-seal-{Environment.ProcessId}")).FullName;
            try
            {
                await MeasureAsync(folder, calls, packets, batch, round).ConfigureAwait(false);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static async Task MeasureAsync(string folder, int calls, int packets, int batch, int round)
    {
        var journal = await InterleavedJournal.FillAsync(folder, calls, packets).ConfigureAwait(false);
        await using var closing = journal.ConfigureAwait(false);
        using var self = Process.GetCurrentProcess();
        var (user, system) = (self.UserProcessorTime, self.PrivilegedProcessorTime);
        var read = BytesRead();
        var started = Stopwatch.GetTimestamp();
        var bytes = await journal.SealAsync(batch).ConfigureAwait(false);
        var took = Stopwatch.GetElapsedTime(started);
        self.Refresh();
        var millions = journal.Packets / 1e6;
        var inUser = (self.UserProcessorTime - user).TotalSeconds / millions;
        var inSystem = (self.PrivilegedProcessorTime - system).TotalSeconds / millions;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {round} | {inUser:0.000} | {inSystem:0.000} | {inUser + inSystem:0.000} | {(BytesRead() - read) / 1e6:0.0} "
            + $"| {bytes / 1e6:0.0} | {took.TotalSeconds:0.00} |"));
    }

    // What this process asked of read calls, cached or not (proc(5)).
    private static long BytesRead() => long.Parse(
        File.ReadLines("/proc/self/io").First(line => line.StartsWith("rchar: ", StringComparison.Ordinal))[7..],
        CultureInfo.InvariantCulture);

    private static (int Calls, int Packets, int Batch, string? Folder) Parse(string[] args)
    {
        var (calls, packets, batch) = (500, 1_000_000, 64);
        string? folder = null;
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            switch (args[i])
            {
                case "--calls":
                    calls = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--packets":
                    packets = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--batch":
                    batch = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--folder":
                    folder = args[i + 1];
                    break;
                default:
                    throw new BenchmarkException($"'{args[i]}' is not an option. {Usage}");
            }
        }

        return args.Length % 2 == 0
            ? (calls, packets, batch, folder)
            : throw new BenchmarkException($"'{args[^1]}' wants a value. {Usage}");
    }
}
