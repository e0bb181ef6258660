using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Talreg.Benchmarks.Nation;

/// <summary>One input: a number and where it comes from.</summary>
/// <param name="Value">In the unit its name says.</param>
/// <param name="How">measured, or assumed.</param>
/// <param name="By">The command that measured it, or why it is assumed.</param>
internal sealed record Figure(double Value, string How, string By);

/// <summary>The inputs of the simulation, by name; a JSON file with machine and date.</summary>
internal sealed class Figures
{
    internal const string CaptureCpu = "captureCpuSecondsPerMillionPackets";
    internal const string SealCpu = "sealCpuSecondsPerMillionPackets";
    internal const string JournalBytes = "journalBytesPerPacket";
    internal const string RecordingBytes = "recordingBytesPerPacket";
    internal const string DiskBytes = "diskBytesPerSecondWithACommitEvery20Ms";
    internal const string GrainWrites = "grainWritesPerSecond";
    internal const string LedgerLeaves = "ledgerLeavesPerSecond";
    internal const string WritesPerCall = "databaseWritesPerCall";
    internal const string LeavesPerCall = "ledgerLeavesPerCall";
    internal const string CallMemory = "residentBytesPerLiveCall";

    private const string Measured = "measured";
    private const string Assumed = "assumed";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly SortedDictionary<string, Figure> _figures = new(StringComparer.Ordinal);

    /// <summary>The machine the measured ones were measured on.</summary>
    internal string Machine { get; private init; } = Benchmarks.Machine.Describe();

    internal IReadOnlyDictionary<string, Figure> All => _figures;

    internal double this[string name] => _figures.TryGetValue(name, out var figure)
        ? figure.Value
        : throw new BenchmarkException($"The inputs lack {name}: measure again with `nation --measure`.");

    internal void Add(string name, double value, string command) =>
        _figures[name] = new Figure(value, Measured, command);

    internal void Assume(string name, double value, string why) => _figures[name] = new Figure(value, Assumed, why);

    internal static Figures Load(string path)
    {
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        var figures = new Figures { Machine = (string)root["machine"]! };
        foreach (var (name, figure) in root["figures"]!.AsObject())
        {
            figures._figures[name] = new Figure(
                (double)figure!["value"]!, (string)figure["how"]!, (string)figure["by"]!);
        }

        return figures;
    }

    internal void Save(string path)
    {
        var members = new JsonObject();
        foreach (var (name, figure) in _figures)
        {
            members[name] = new JsonObject { ["value"] = figure.Value, ["how"] = figure.How, ["by"] = figure.By };
        }

        var root = new JsonObject { ["machine"] = Machine, ["figures"] = members };
        File.WriteAllText(path, root.ToJsonString(Indented) + "\n");
    }

    internal void Print()
    {
        Console.WriteLine($"Inputs, measured on {Machine}:");
        Console.WriteLine("| input | value | | from |");
        Console.WriteLine("| --- | ---: | --- | --- |");
        foreach (var (name, figure) in _figures)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {name} | {figure.Value:#,0.###} | {figure.How} | {figure.By} |"));
        }
    }
}
