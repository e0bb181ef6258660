using Talreg.Benchmarks.Baselines;
using Talreg.Benchmarks.Processes;
using Talreg.Benchmarks.Recorder;

namespace Talreg.Benchmarks.Capture;

/// <summary><c>capture</c>: what recording a packet costs, ours beside others, interleaved in one run.</summary>
internal static class CaptureVerb
{
    internal static async Task<int> RunAsync(string[] args)
    {
        var options = CaptureOptions.Parse(args);
        var name = FormattableString.Invariant($"talreg-bench-{Environment.ProcessId}");
        var folder = Directory.CreateDirectory(Path.Combine(options.Folder, name)).FullName;
        try
        {
            var network = await NetworkNamespace.TryCreateAsync().ConfigureAwait(false);
            try
            {
                await RunAsync(options, folder, network).ConfigureAwait(false);
            }
            finally
            {
                if (network is not null)
                {
                    await network.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static async Task RunAsync(CaptureOptions options, string folder, NetworkNamespace? network)
    {
        var competitors = await CompetitorsAsync(folder, network).ConfigureAwait(false);
        Console.WriteLine(Machine.Describe());
        foreach (var scenario in Scenarios(options))
        {
            var results = new ResultTable(scenario);
            for (var repetition = 0; repetition < options.Repetitions; repetition++)
            {
                foreach (var competitor in competitors.Where(c =>
                    c.Takes(scenario) && c.Name.Contains(options.Only, StringComparison.Ordinal)))
                {
                    var place = Directory.CreateDirectory(Path.Combine(folder, "run")).FullName;
                    var trial = new Trial(scenario, options.Seconds, place, network);
                    results.Add(competitor.Name, await competitor.RunAsync(trial).ConfigureAwait(false));
                    Directory.Delete(place, recursive: true);
                }
            }

            results.Print();
            if (!options.Quick)
            {
                Targets.Print(results);
            }
        }
    }

    private static IEnumerable<Scenario> Scenarios(CaptureOptions options) =>
        options.Quick ? [Scenario.OfPorts(options.Ports ?? 200)]
        : options.Ports is { } ports ? [Scenario.OfPorts(ports)]
        : Scenario.All;

    private static async Task<IReadOnlyList<Competitor>> CompetitorsAsync(string folder, NetworkNamespace? network)
    {
        // Gathering is a privilege of who may make a network namespace, and is only for ports of one's own.
        IReadOnlyList<string> methods = network is null ? [ReceiveMethods.Scan] : ReceiveMethods.Names;
        var competitors = new List<Competitor>();
        if (await BaselineBuilder.TryBuildAsync(folder).ConfigureAwait(false) is { } program)
        {
            foreach (var method in methods)
            {
                competitors.Add(RecorderCompetitor.Baseline(
                    Names.CPlain(method), program, method != ReceiveMethods.Scan, RecorderVerb.Plain));
                competitors.Add(RecorderCompetitor.Baseline(
                    Names.CCrypto(method), program, method != ReceiveMethods.Scan, "crypto"));
            }
        }

        foreach (var method in methods)
        {
            competitors.Add(RecorderCompetitor.Ours(Names.OurPlain(method), method, RecorderVerb.Plain));
            competitors.Add(RecorderCompetitor.Ours(Names.Ours(method), method, RecorderVerb.Engine));
        }

        if (TcpdumpCompetitor.IsInstalled && network is not null)
        {
            competitors.Add(new TcpdumpCompetitor());
        }

        if (RtpengineCompetitor.IsInstalled && network is not null)
        {
            competitors.Add(new RtpengineCompetitor());
        }

        return competitors;
    }
}
