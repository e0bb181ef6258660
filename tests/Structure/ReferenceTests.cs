using System.Xml;

namespace Talreg.Structure.Tests;

/// <summary>Every project's references against <c>references.txt</c>, in both directions.</summary>
public sealed class ReferenceTests
{
    private static readonly string Table = Path.Combine(Repository.Root, "tests", "Structure", "references.txt");

    [Fact]
    public void References_are_those_of_the_table()
    {
        var allowed = ReadTable();
        var actual = Projects().ToDictionary(Name, p => Includes(p, "ProjectReference").Select(Name).ToHashSet());
        Assert.NotEmpty(actual);
        var faults = actual
            .SelectMany(p => p.Value.Except(allowed.GetValueOrDefault(p.Key, []))
                .Select(r => $"{p.Key} -> {r}: not listed"))
            .Concat(allowed.SelectMany(
                p => p.Value.Except(actual.GetValueOrDefault(p.Key, []))
                    .Select(r => $"{p.Key} -> {r}: listed, but gone")))
            .Concat(actual.Keys.Except(allowed.Keys).Select(p => $"{p}: not in the table"))
            .Concat(allowed.Keys.Except(actual.Keys).Select(p => $"{p}: in the table, but gone"))
            .ToList();
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory]
    [InlineData("Talreg.Capture")]
    [InlineData("Talreg.Sip")]
    public void Media_rooms_never_reach_Orleans(string project)
    {
        var reached = Closure(project);
        var packages = reached.SelectMany(p => Includes(PathOf(p), "PackageReference"));
        Assert.DoesNotContain(packages, p => p.StartsWith("Microsoft.Orleans", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("Talreg.Grains", "Talreg.Sip")]
    [InlineData("Talreg.Grains", "Talreg.Capture")]
    [InlineData("Talreg.Verify", "Talreg.Evidence")]
    [InlineData("Talreg.Verify", "Talreg.Store")]
    public void Project_never_reaches(string project, string other) =>
        Assert.DoesNotContain(other, Closure(project));

    private static HashSet<string> Closure(string project)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<string>([project]);
        while (pending.TryPop(out var next))
        {
            if (reached.Add(next))
            {
                foreach (var reference in Includes(PathOf(next), "ProjectReference"))
                {
                    pending.Push(Name(reference));
                }
            }
        }

        return reached;
    }

    private static Dictionary<string, HashSet<string>> ReadTable() => File.ReadLines(Table)
        .Select(line => line.Trim())
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split("->", StringSplitOptions.TrimEntries))
        .ToDictionary(
            parts => parts[0],
            parts => parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal));

    private static IEnumerable<string> Projects() => Repository.Files("*.csproj");

    private static string PathOf(string project) => Projects().Single(p => Name(p) == project);

    private static string Name(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'));

    private static List<string> Includes(string project, string element)
    {
        var found = new List<string>();
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit };
        using var reader = XmlReader.Create(project, settings);
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element && reader.Name == element
                && reader.GetAttribute("Include") is { } include)
            {
                found.Add(include);
            }
        }

        return found;
    }
}
