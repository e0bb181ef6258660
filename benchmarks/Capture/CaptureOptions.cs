using System.Globalization;

namespace Talreg.Benchmarks.Capture;

/// <summary>What was asked for on the command line.</summary>
internal sealed record CaptureOptions
{
    internal const string Usage =
        "capture [--quick] [--ports N] [--seconds S] [--reps R] [--only NAME] [--folder PATH]";

    /// <summary>Small enough for a build server: one repetition, few ports, a low rate; targets are not judged.</summary>
    internal bool Quick { get; private init; }

    /// <summary>This many ports instead of the table's scenarios.</summary>
    internal int? Ports { get; private init; }

    /// <summary>How long each run measures.</summary>
    internal double Seconds { get; private init; } = 5;

    /// <summary>How often each competitor runs.</summary>
    internal int Repetitions { get; private init; } = 3;

    /// <summary>Only competitors whose name contains this.</summary>
    internal string Only { get; private init; } = "";

    /// <summary>Where files are written: the disk that is measured.</summary>
    internal string Folder { get; private init; } = Path.GetTempPath();

    internal static CaptureOptions Parse(string[] args)
    {
        var options = new CaptureOptions();
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--quick" => options with { Quick = true, Seconds = 1, Repetitions = 1 },
                "--ports" => options with { Ports = int.Parse(Value(args, ref i), CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = int.Parse(Value(args, ref i), CultureInfo.InvariantCulture) },
                "--reps" => options with { Repetitions = int.Parse(Value(args, ref i), CultureInfo.InvariantCulture) },
                "--only" => options with { Only = Value(args, ref i) },
                "--folder" => options with { Folder = Value(args, ref i) },
                _ => throw new BenchmarkException($"'{args[i]}' is not an option. {Usage}"),
            };
        }

        return options;
    }

    private static string Value(string[] args, ref int i) => ++i < args.Length
        ? args[i]
        : throw new BenchmarkException($"'{args[i - 1]}' wants a value. {Usage}");
}
