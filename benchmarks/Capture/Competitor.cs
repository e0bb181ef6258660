namespace Talreg.Benchmarks.Capture;

/// <summary>A program that records, as the table compares them.</summary>
internal abstract class Competitor(string name)
{
    /// <summary>As the table calls it.</summary>
    internal string Name { get; } = name;

    /// <summary>True when it can record this.</summary>
    internal virtual bool Takes(Scenario scenario) => true;

    /// <summary>Records one run.</summary>
    /// <exception cref="BenchmarkException">It could not, or its counts do not add up.</exception>
    internal abstract Task<TrialResult> RunAsync(Trial trial);
}
