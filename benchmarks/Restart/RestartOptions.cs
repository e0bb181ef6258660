using System.Globalization;

namespace Talreg.Benchmarks.Restart;

/// <summary>What was asked for on the command line.</summary>
internal sealed record RestartOptions
{
    internal const string Usage = "restart [--recordings N] [--segment BYTES] [--folder PATH] [--program PATH]";

    private const long BytesPerMib = 1 << 20;

    /// <summary>Sealed recordings on disk.</summary>
    internal int Recordings { get; private init; } = 100_000;

    /// <summary>Size of the journal's segment, which is full of calls that no process ended, in bytes.</summary>
    internal long SegmentBytes { get; private init; } = 1L << 30;

    /// <summary>Where the data lies: a first call makes it there, the next ones measure. Null makes it among the temporary files,
    /// measures once, and removes it.</summary>
    internal string? Folder { get; private init; }

    /// <summary>The program that is started: that of an installation. Null starts the one that was built with the benchmarks.</summary>
    internal string? Program { get; private init; }

    internal int SegmentMib => (int)(SegmentBytes / BytesPerMib);

    internal static RestartOptions Parse(string[] args)
    {
        var options = new RestartOptions();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            options = args[i] switch
            {
                "--recordings" => options with { Recordings = (int)Number(args[i + 1]) },
                "--segment" => options with { SegmentBytes = Number(args[i + 1]) },
                "--program" => options with { Program = args[i + 1] },
                "--folder" => options with { Folder = args[i + 1] },
                _ => throw new BenchmarkException($"'{args[i]}' is not an option. {Usage}"),
            };
        }

        return args.Length % 2 == 0 && options.SegmentBytes % BytesPerMib == 0
            ? options
            : throw new BenchmarkException($"An option lacks its value, or a segment is no whole MiB. {Usage}");
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
