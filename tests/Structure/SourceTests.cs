using System.Text.RegularExpressions;

namespace Talreg.Structure.Tests;

/// <summary>Rules of the source that no analyzer here checks.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 500;

    private static readonly HashSet<string> TopLevel =
    [
        "Cluster", "Grains", "Silo", "Gateway", "hardware", "benchmarks", "tests",
    ];

    [Fact]
    public void Files_have_no_mutable_static_fields() => AssertNone(MutableStatic(), "mutable static");

    [Fact]
    public void Files_have_no_empty_catch() => AssertNone(EmptyCatch(), "empty catch");

    [Fact]
    public void Files_have_no_async_void() => AssertNone(AsyncVoid(), "async void");

    [Fact]
    public void Files_have_no_pragma_that_hides_a_warning() => AssertNone(Pragma(), "suppressed warning");

    [Fact]
    public void Files_are_short()
    {
        var faults = Sources().Select(f => (File: f, Lines: File.ReadLines(f).Count())).Where(f => f.Lines > MaxLines);
        Assert.Empty(faults.Select(f => $"{Repository.Relative(f.File)}: {f.Lines} lines"));
    }

    [Fact]
    public void Log_events_have_numbers_of_their_own()
    {
        var events = Sources()
            .SelectMany(file => EventId().Matches(File.ReadAllText(file))
                .Select(match => (File: file, Id: match.Groups["id"].Value)))
            .ToList();
        Assert.True(events.Count > 50, $"only {events.Count} log events were found");
        Assert.Empty(events.GroupBy(one => one.Id).Where(group => group.Count() > 1).Select(
            group => $"{group.Key}: {string.Join(", ", group.Select(one => Repository.Relative(one.File)))}"));
    }

    [Fact]
    public void NuGet_config_names_no_source()
    {
        var configs = Repository.Files("*.config").ToList();
        Assert.Contains(Path.Combine(Repository.Root, "NuGet.config"), configs);
        foreach (var text in configs.Select(File.ReadAllText))
        {
            Assert.DoesNotContain("packageSources", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("://", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Top_level_folders_are_the_designs()
    {
        var folders = Directory.EnumerateDirectories(Repository.Root).Select(f => Path.GetFileName(f)!)
            .Where(name => name[0] != '.')
            .Where(name => name is not ("artifacts" or "TestResults" or "talreg-demo" or "talreg-data"));
        Assert.Equal(TopLevel.Order(StringComparer.Ordinal), folders.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("    private static int _count;", true)]
    [InlineData("    internal static Dictionary<string, int> Cache = new();", true)]
    [InlineData("    public static string Name { get; set; } = x;", true)]
    [InlineData("    [ThreadStatic] private static byte[]? t_buffer;", true)]
    [InlineData("    private static readonly int Count = 1;", false)]
    [InlineData("    public static int Count => 1;", false)]
    [InlineData("    public static int Count { get; } = 1;", false)]
    [InlineData("    private static int Add(int a) => a;", false)]
    [InlineData("    private static string Text(", false)]
    [InlineData("    public static implicit operator int(Id id) => id.Value;", false)]
    [InlineData("    public static bool operator ==(Id a, Id b) => a.Equals(b);", false)]
    public void Mutable_static_is_recognised(string line, bool mutable) =>
        Assert.Equal(mutable, MutableStatic().IsMatch(line));

    [Theory]
    [InlineData("catch (IOException) { }", true)]
    [InlineData("catch\n{\n    // nothing\n}", true)]
    [InlineData("catch (IOException) when (x)\n{\n}", true)]
    [InlineData("catch (IOException)\n{\n    return;\n}", false)]
    public void Empty_catch_is_recognised(string text, bool empty) => Assert.Equal(empty, EmptyCatch().IsMatch(text));

    private static IEnumerable<string> Sources() => Repository.Files("*.cs");

    private static void AssertNone(Regex fault, string what)
    {
        var found = new List<string>();
        foreach (var file in Sources().Where(f => !f.EndsWith("SourceTests.cs", StringComparison.Ordinal)))
        {
            var text = File.ReadAllText(file);
            foreach (Match match in fault.Matches(text))
            {
                var line = text.AsSpan(0, match.Index).Count('\n') + 1;
                found.Add($"{Repository.Relative(file)}({line}): {what}: {match.Value.Trim()}");
            }
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [GeneratedRegex(
        @"^[ \t]*(\[[^\]\r\n]*\]\s*)?((public|private|internal|protected|volatile)\s+)+static\s+"
        + @"(?!readonly\b|class\b|partial\b|extern\b|event\b|implicit\b|explicit\b|async\b|unsafe\b)"
        + @"(volatile\s+)?[\w.]+[\w<>,.?\[\] ]*\s+\w+\s*(;|=(?![>=])|\{\s*get;[^}\r\n]*set;)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex MutableStatic();

    [GeneratedRegex(
        @"\bcatch\b\s*(\([^)]*\))?\s*(when\s*\([^{]*\))?\s*\{(\s|//[^\n]*\n)*\}",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"\basync\s+void\b", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"^\s*#pragma\s+warning\s+disable", RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Pragma();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?<id>[0-9]+),", RegexOptions.None, 1000)]
    private static partial Regex EventId();
}
