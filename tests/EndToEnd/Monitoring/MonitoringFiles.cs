using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Talreg.EndToEnd.Tests.Monitoring;

/// <summary>What lies in Cluster/Monitoring, as tests read it.</summary>
internal static partial class MonitoringFiles
{
    /// <summary>Where the build put the files.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Monitoring");

    /// <summary>The names of all alerts.</summary>
    public static IEnumerable<string> Alerts() => Rules().Select(line => AlertLine().Match(line))
        .Where(match => match.Success).Select(match => match.Groups["name"].Value);

    /// <summary>Every panel's query for all processes, and what every alert compares with its bound.</summary>
    public static IEnumerable<string> Queries() => Panels().Concat(Compared());

    private static IEnumerable<string> Panels() =>
        Directory.GetFiles(Path.Combine(Folder, "dashboards"), "*.json")
            .SelectMany(file => JsonNode.Parse(File.ReadAllText(file))!["panels"]!.AsArray())
            .Where(panel => panel!["targets"] is not null)
            .SelectMany(panel => panel!["targets"]!.AsArray())
            .Select(target => target!["expr"]!.GetValue<string>().Replace("$instance", ".*", StringComparison.Ordinal));

    // An alert is silent while all is well; what it compares must be there all the same.
    private static IEnumerable<string> Compared() => Rules().Select(line => ExpressionLine().Match(line))
        .Where(match => match.Success).Select(match => match.Groups["left"].Value);

    private static string[] Rules() => File.ReadAllLines(Path.Combine(Folder, "talreg.rules.yml"));

    [GeneratedRegex("^ +- alert: (?<name>[A-Za-z]+)$", RegexOptions.None, 1000)]
    private static partial Regex AlertLine();

    [GeneratedRegex("^ +expr: '(?<left>.+) (?:==|>|<) [0-9.]+'$", RegexOptions.None, 1000)]
    private static partial Regex ExpressionLine();
}
