using System.Globalization;

namespace Talreg.Benchmarks.Capture;

/// <summary>The results of one scenario, by competitor: medians over the repetitions.</summary>
internal sealed class ResultTable(Scenario scenario)
{
    private readonly Dictionary<string, List<TrialResult>> _results = new(StringComparer.Ordinal);

    internal Scenario Scenario { get; } = scenario;

    internal void Add(string competitor, TrialResult result)
    {
        if (!_results.TryGetValue(competitor, out var results))
        {
            _results[competitor] = results = [];
        }

        results.Add(result);
    }

    /// <summary>Median of CPU-seconds per million packets; null when the competitor did not run.</summary>
    internal double? CpuPerMillion(string competitor) =>
        _results.TryGetValue(competitor, out var results) ? Median(results, r => r.CpuPerMillion) : null;

    internal void Print()
    {
        Console.WriteLine();
        Console.WriteLine(
            $"| {Scenario.Name,-28} | s/M | spread | offered/s | of a core | lost | B/packet | gen0/1/2 |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (name, results) in _results)
        {
            var spread = results.Max(r => r.CpuPerMillion) - results.Min(r => r.CpuPerMillion);
            var allocated = results.Any(r => r.Allocated is not null)
                ? Text("0.00", Median(results, r => (double)r.Allocated!.Value / r.Offered))
                : "";
            var collections = allocated.Length == 0
                ? ""
                : $"{results.Max(r => r.Collections.Gen0)}/{results.Max(r => r.Collections.Gen1)}"
                    + $"/{results.Max(r => r.Collections.Gen2)}";
            Console.WriteLine(
                $"| {name,-28} | {Text("0.00", Median(results, r => r.CpuPerMillion))} | {Text("0.00", spread)} "
                + $"| {Text("#,0", Median(results, r => r.OfferedPerSecond))} "
                + $"| {Text("0 %", Median(results, r => r.Load))} "
                + $"| {Lost(results)} | {allocated} | {collections} |");
        }
    }

    private static string Lost(List<TrialResult> results)
    {
        var (lost, own) = (results.Sum(r => r.Lost), results.Sum(r => r.OwnDrops));
        return own == 0 ? Text("0", lost) : FormattableString.Invariant($"{lost} ({own} by itself)");
    }

    private static double Median(List<TrialResult> results, Func<TrialResult, double> of)
    {
        var sorted = results.Select(of).Order().ToArray();
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Text(string format, double value) => value.ToString(format, CultureInfo.InvariantCulture);
}
