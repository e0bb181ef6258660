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
                Print(round, await SealRound.MeasureAsync(folder, calls, packets, batch).ConfigureAwait(false));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static void Print(int number, in SealRound round) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {number} | {round.UserPerMillion:0.000} | {round.SystemPerMillion:0.000} | {round.CpuPerMillion:0.000} "
        + $"| {round.BytesRead / 1e6:0.0} | {round.Bytes / 1e6:0.0} | {round.Seconds:0.00} |"));

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
