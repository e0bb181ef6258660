using System.Globalization;
using System.Text.RegularExpressions;

namespace Talreg.Structure.Tests;

/// <summary>The table of duties in the SIP room's README: 40 rows, and every test it names exists.</summary>
public sealed partial class DutyTests
{
    private const int Duties = 40;

    [Fact]
    public void Table_has_every_duty_and_names_tests_that_exist()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "Gateway", "Sip", "README.md"))
            .Select(line => Row().Match(line)).Where(row => row.Success).ToList();
        Assert.Equal(
            Enumerable.Range(1, Duties),
            rows.Select(row => int.Parse(row.Groups["number"].Value, CultureInfo.InvariantCulture)));
        var sources = Repository.Files("*Tests.cs").ToLookup(
            file => Path.GetFileNameWithoutExtension(file), File.ReadAllText, StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var named = Test().Matches(row.Groups["tests"].Value);
            Assert.NotEmpty(named);
            Assert.All(named, test => Assert.Contains(
                sources[test.Groups["class"].Value],
                source => source.Contains($" {test.Groups["method"].Value}(", StringComparison.Ordinal)));
        }
    }

    [GeneratedRegex(@"^\| (?<number>\d+) \| [^|]+ \| (?<tests>`[^|]+`) \|$", RegexOptions.None, 1000)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<class>[A-Za-z]+)\\.(?<method>[A-Za-z0-9_]+)`", RegexOptions.None, 1000)]
    private static partial Regex Test();
}
