using System.Globalization;

namespace Talreg.Benchmarks.Micro;

/// <summary><c>micro</c>: what single steps of the media path cost, one thread, no disk.</summary>
internal static class MicroVerb
{
    internal const string Usage = "micro [NAME]";

    internal static async Task<int> RunAsync(string[] args)
    {
        Console.WriteLine(Machine.Describe());
        Console.WriteLine("| step | ns | ± % | bytes allocated |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        foreach (var (name, prepare) in Steps.All)
        {
            if (args is [var only] && !name.Contains(only, StringComparison.Ordinal))
            {
                continue;
            }

            var step = await prepare().ConfigureAwait(false);
            await using var disposing = step.ConfigureAwait(false);
            var cost = Stopclock.Measure(step.Run);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {cost.Nanoseconds:0} | {cost.SpreadPercent:0.0} | {cost.Bytes:0.0} |"));
        }

        return 0;
    }
}
