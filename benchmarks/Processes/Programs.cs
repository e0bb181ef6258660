namespace Talreg.Benchmarks.Processes;

/// <summary>What is installed here.</summary>
internal static class Programs
{
    internal static bool IsInstalled(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Append("/usr/sbin")
        .Any(folder => File.Exists(Path.Combine(folder, name)));
}
