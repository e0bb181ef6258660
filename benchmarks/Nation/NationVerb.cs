namespace Talreg.Benchmarks.Nation;

/// <summary><c>nation</c>: from measured costs per packet and call to nodes, for a bank, a city and a country.</summary>
internal static class NationVerb
{
    internal const string Usage = "nation [--measure] [--inputs FILE]";

    private static readonly int[] Sizes = [1_500, 10_000, 100_000];

    internal static async Task<int> RunAsync(string[] args)
    {
        var measure = args.Contains("--measure", StringComparer.Ordinal);
        var place = Array.IndexOf(args, "--inputs");
        var path = place >= 0 && place + 1 < args.Length ? args[place + 1] : "benchmarks/measured.json";
        var figures = measure ? await Measurement.RunAsync().ConfigureAwait(false)
            : File.Exists(path) ? Figures.Load(path)
            : throw new BenchmarkException($"{path} is missing: `nation --measure` makes it.");
        if (measure)
        {
            Sizing.Assume(figures);
            figures.Save(path);
        }

        figures.Print();
        foreach (var calls in Sizes)
        {
            Print(calls, new Sizing(figures).For(calls));
        }

        return 0;
    }

    private static void Print(int calls, IReadOnlyList<Need> needs)
    {
        Console.WriteLine();
        Console.WriteLine(FormattableString.Invariant($"| {calls:#,0} simultaneous calls (computed) | load | nodes |"));
        Console.WriteLine("| --- | ---: | ---: |");
        foreach (var need in needs)
        {
            Console.WriteLine($"| {need.Name} | {need.Load} | {(need.Nodes == 0 ? "" : need.Nodes)} |");
        }

        var nodes = needs.Max(need => need.Nodes);
        var binding = needs.OrderByDescending(need => need.Nodes).First();
        Console.WriteLine(
            $"| **{binding.Name} binds first** | | {nodes}; N+1: {nodes + 1}; 2N: {2 * nodes} |");
    }
}
