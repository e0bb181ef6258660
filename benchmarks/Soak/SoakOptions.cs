using System.Globalization;

namespace Talreg.Benchmarks.Soak;

/// <summary>What was asked for on the command line.</summary>
internal sealed record SoakOptions
{
    internal const string Usage = "soak [--minutes M] [--calls N] [--mean SECONDS] [--method scan|gathered] [--seed N]";

    /// <summary>How long.</summary>
    internal int Minutes { get; private init; } = 10;

    /// <summary>Calls alive on average.</summary>
    internal int Calls { get; private init; } = 1000;

    /// <summary>Mean length of a call, in seconds; lengths are distributed exponentially.</summary>
    internal int MeanSeconds { get; private init; } = 60;

    /// <summary>How packets are received.</summary>
    internal string Method { get; private init; } = Recorder.ReceiveMethods.Scan;

    /// <summary>Of the arrivals and lengths.</summary>
    internal int Seed { get; private init; } = 1;

    internal static SoakOptions Parse(string[] args)
    {
        var options = new SoakOptions();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            options = args[i] switch
            {
                "--minutes" => options with { Minutes = Number(args[i + 1]) },
                "--calls" => options with { Calls = Number(args[i + 1]) },
                "--mean" => options with { MeanSeconds = Number(args[i + 1]) },
                "--method" => options with { Method = args[i + 1] },
                "--seed" => options with { Seed = Number(args[i + 1]) },
                _ => throw new BenchmarkException($"'{args[i]}' is not an option. {Usage}"),
            };
        }

        return args.Length % 2 == 0 ? options : throw new BenchmarkException($"'{args[^1]}' wants a value. {Usage}");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
